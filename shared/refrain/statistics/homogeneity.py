"""Do two samples come from the same distribution? Counts against counts in the same cells, valid for few rows.

The test is a permutation test: if window and reference are alike, every division of their rows between them was equally
likely, so counts of the window are drawn from the pooled counts without replacement (Fisher, The design of experiments,
1935; Good, Permutation tests, 2000). That holds for 30 rows as for 30,000, needs no large expected counts, and allows
for the reference being a sample too. The statistic is Pearson's, or where contrasts are named the least likely of his
and of these: a mean that shifts a little everywhere, or one share, is found with fewer rows. Where consecutive rows are
alike, it is compared with draws that are larger by the design effect (Rao & Scott 1984), which is itself uncertain.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from refrain.statistics.design_effect import DesignEffect, chi_squared_deviation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from refrain.arrays import Floats
    from refrain.statistics.shifts import Contrasts

type Counts = NDArray[np.int64]

FIRST_DRAWS = 250
GROWTH = 4
"""Each further batch of draws is so many times as large as all before it."""
ENOUGH_BEYOND = 25
"""So many draws beyond the observed figure are enough to know that it is chance."""

FAR_BEYOND = 1e-9
"""Below this the approximation need not be checked: it may err by many powers of ten."""

MIN_EXPECTED_ROWS = 1.0

PEARSON_WEIGHT = 0.2
"""What Pearson's statistic gets of the chances of error beside the contrasts, which share 1."""


@dataclass(frozen=True)
class HomogeneityTest:
    """How a window compares with the reference.

    `p` is the probability of such a difference, or a greater one, by chance. `effect` is the population stability index
    (the symmetric Kullback-Leibler divergence: Jeffreys 1946; Siddiqi, Credit risk scorecards, 2006) less what chance
    alone gives, which for few rows is much. It is the greater one of two: of all cells, and of the known values alone,
    so that missing values do not hide a shift of the rest.
    """

    p: float
    effect: float


def compare_counts(
    window: Counts, reference: Counts, design: DesignEffect, draws: int, seed: int, contrasts: Contrasts | None = None
) -> HomogeneityTest:
    """Test the homogeneity of two samples counted in the same cells, of which the last is that of missing values.

    `design` is the design effect of a window of this length. The smallest `p` is about one over the `draws` of the
    permutation test; the same seed gives the same answer.

    >>> from refrain.statistics.design_effect import INDEPENDENT
    >>> reference = np.array([1000] * 10 + [0])
    >>> window = np.array([9, 11, 8, 12, 10, 10, 9, 11, 10, 10, 0])
    >>> alike = compare_counts(window, reference, INDEPENDENT, 10_000, 0)
    >>> window = np.array([2, 3, 5, 7, 9, 11, 12, 14, 16, 21, 0])
    >>> other = compare_counts(window, reference, INDEPENDENT, 10_000, 0)
    >>> alike.p > 0.9, alike.effect, other.p < 0.001, other.effect > 0.2
    (True, 0.0, True, True)
    """
    used = (window + reference) > 0
    present = np.append(np.ones(len(window) - 1, dtype=bool), False)[used]
    rows = int(window.sum())
    if not rows or not reference.sum() or used.sum() < 2:
        return HomogeneityTest(1.0, 0.0)
    random = np.random.default_rng(seed)
    first = random.multivariate_hypergeometric(window + reference, rows, FIRST_DRAWS, method="marginals")
    p = _p_value(window, window + reference, first, design, draws, random, contrasts)
    window, reference, first = window[used], reference[used], first[:, used]
    whole = _effect_beyond_chance(window, reference, first, design)
    values = _effect_beyond_chance(window[present], reference[present], first[:, present], design)
    return HomogeneityTest(p, max(whole, values))


def _effect_beyond_chance(window: Counts, reference: Counts, first: Counts, design: DesignEffect) -> float:
    chance = float(stability_index(first, window + reference - first).mean()) * design.ratio
    return max(0.0, float(stability_index(window[np.newaxis, :], reference[np.newaxis, :])[0]) - chance)


def _p_value(
    window: Counts,
    pooled: Counts,
    first: Counts,
    design: DesignEffect,
    draws: int,
    random: np.random.Generator,
    contrasts: Contrasts | None,
) -> float:
    """Draw only as often as it takes, in growing batches (Besag & Clifford, Sequential Monte Carlo p-values, 1991)."""
    rows = int(window.sum())
    observed = float(_statistic(window[np.newaxis, :], pooled, np.ones(1), contrasts)[0])
    if design.ratio == 1 and (approximate := _chance_far_beyond(window, pooled)) < FAR_BEYOND:
        return approximate
    batch, beyond, drawn = first, 0, 0
    while True:
        figures = _statistic(batch, pooled, _draw_ratios(design, len(batch), random), contrasts)
        beyond, drawn = beyond + int((figures >= observed).sum()), drawn + len(batch)
        if beyond >= ENOUGH_BEYOND or drawn >= draws:
            return (1 + beyond) / (1 + drawn)
        more = min(GROWTH * drawn, draws - drawn)
        batch = random.multivariate_hypergeometric(pooled, rows, more, method="marginals")


def _chance_far_beyond(window: Counts, pooled: Counts) -> float:
    """Return about the chance of the window by Pearson's statistic, 1 where a cell has too few rows for that."""
    rows, used = int(window.sum()), pooled[pooled > 0]
    if (used * rows / used.sum()).min() < MIN_EXPECTED_ROWS:
        return 1.0
    pearson = pearson_statistic(window[np.newaxis, :], pooled, rows)
    deviation = float(chi_squared_deviation(pearson, len(used) - 1)[0])
    return max(0.5 * math.erfc(deviation / math.sqrt(2)), 1e-300)


def _statistic(counts: Counts, pooled: Counts, ratios: Floats, contrasts: Contrasts | None) -> Floats:
    """Return how unlikely each line of counts [lines, cells] is, whose squares chance makes larger by `ratios` [lines].

    It is Pearson's figure, or the greatest logarithm of a probability (but for a constant) of his and of the contrasts.
    """
    pearson = pearson_statistic(counts, pooled, int(counts[:1].sum())) * ratios
    if contrasts is None:
        return pearson
    deviation = np.maximum(chi_squared_deviation(pearson, int(np.count_nonzero(pooled)) - 1), 0.0)
    squares = contrasts.deviates(counts, pooled) ** 2 * ratios[:, np.newaxis] / 2 + np.log(contrasts.weights)
    likelihoods: Floats = np.maximum(deviation**2 / 2 + math.log(PEARSON_WEIGHT), squares.max(axis=1))
    return likelihoods


def pearson_statistic(counts: Counts, pooled: Counts, rows: int) -> Floats:
    """Return Pearson's statistic of the homogeneity of each line of counts [lines, cells] and the rest of `pooled`.

    >>> pearson_statistic(np.array([[10, 20]]), np.array([30, 30]), 30).round(3).tolist()
    [6.667]
    """
    total, used = int(pooled.sum()), pooled > 0
    expected = pooled[used] * (rows / total)
    figures: Floats = ((counts[:, used] - expected) ** 2 / expected).sum(axis=1) * (total / max(total - rows, 1))
    return figures


def stability_index(window: Counts, reference: Counts) -> Floats:
    """Return the population stability index of each line [lines, cells], from shares that are never zero.

    Half a row is added to each cell (Jeffreys' prior; Krichevsky & Trofimov 1981).

    >>> stability_index(np.array([[50, 50], [75, 25]]), np.array([[500, 500], [500, 500]])).round(2).tolist()
    [0.0, 0.27]
    """
    after = (window + 0.5) / (window.sum(axis=1, keepdims=True) + window.shape[1] / 2)
    before = (reference + 0.5) / (reference.sum(axis=1, keepdims=True) + reference.shape[1] / 2)
    figures: Floats = ((after - before) * np.log(after / before)).sum(axis=1)
    return figures


def _draw_ratios(design: DesignEffect, draws: int, random: np.random.Generator) -> Floats:
    """Draw design effects; one with few degrees of freedom is spread widely, as in the F version of the test."""
    if design.ratio <= 1:
        return np.ones(draws)
    spread = random.chisquare(design.freedom, draws) / design.freedom
    drawn: Floats = np.maximum(1.0, design.ratio / spread)
    return drawn


def find_discoveries(p_values: Sequence[float], rate: float) -> list[bool]:
    """Tell which hypotheses are rejected, with a false discovery rate of at most `rate`.

    Benjamini & Hochberg, Controlling the false discovery rate, 1995; valid for features that depend on each other too
    (Benjamini & Yekutieli 2001). While nothing has drifted every discovery is false, and the rate is the share of
    windows with any: at a rate of 0.01 one quiet window in a hundred alarms, however many features there are.

    >>> find_discoveries([0.001, 0.02, 0.04, 0.5], 0.05), find_discoveries([0.02, 0.03], 0.01)
    ([True, True, False, False], [False, False])
    """
    ordered = np.sort(p_values)
    passed = np.flatnonzero(ordered <= rate * np.arange(1, len(ordered) + 1) / max(len(ordered), 1))
    bound = ordered[passed[-1]] if len(passed) else -1.0
    return [bool(p <= bound) for p in p_values]
