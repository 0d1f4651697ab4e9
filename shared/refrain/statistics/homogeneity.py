"""Do two samples come from the same distribution? Counts against counts in the same cells, honest for few rows.

The test is a permutation test: if window and reference are alike, every share-out of their rows between them was
equally likely, so counts of the window are drawn from the pooled counts without replacement (Fisher, The design of
experiments, 1935; Good, Permutation tests, 2000). That holds for 30 rows as for 30,000, needs no large expected counts,
and includes that the reference is a sample too. The statistic is Pearson's. Where rows that follow each other are
alike, it is held against draws that are larger by the design effect (Rao & Scott 1984), which is itself uncertain.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from refrain.statistics.bins import deviation

type Counts = NDArray[np.int64]
type Floats = NDArray[np.float64]

FIRST_DRAWS = 1000
CHANCE = 25
"""So many of the first draws beyond the observed figure are enough to know that it is chance."""

FAR_BEYOND = 1e-9
"""Below this, the approximation need not be checked either: it may err by many powers of ten."""

LEAST_EXPECTED = 1.0


@dataclass(frozen=True)
class DesignEffect:
    """The design effect for a window: how much it exceeds 1, and the degrees of freedom by which that is known."""

    effect: float
    freedom: int


STILL = DesignEffect(1.0, 0)


@dataclass(frozen=True)
class HomogeneityTest:
    """How a window stands to the reference.

    `p` is the probability of such a difference, or a greater one, by chance. `effect` is the population stability index
    (the symmetric Kullback-Leibler divergence: Jeffreys 1946; Siddiqi, Credit risk scorecards, 2006) less what chance
    alone gives, which for few rows is much: zero when there is no difference, however few the rows. It is that of all
    cells or of the known values alone, whichever is greater, so that missing values do not hide a shift of the rest.
    """

    p: float
    effect: float


def compare_counts(window: Counts, reference: Counts, movement: DesignEffect, draws: int, seed: int) -> HomogeneityTest:
    """Test the homogeneity of two samples counted in the same cells.

    Args:
        window: rows of the window by cell; the last one is that of missing values.
        reference: rows of the reference by cell.
        movement: of the feature while the reference was gathered (`STILL`: rows are independent).
        draws: of the permutation test; the smallest `p` is about one over it.
        seed: same seed, same answer.

    >>> reference = np.array([1000] * 10 + [0])
    >>> alike = compare_counts(np.array([9, 11, 8, 12, 10, 10, 9, 11, 10, 10, 0]), reference, STILL, 10_000, 0)
    >>> other = compare_counts(np.array([2, 3, 5, 7, 9, 11, 12, 14, 16, 21, 0]), reference, STILL, 10_000, 0)
    >>> alike.p > 0.9, alike.effect, other.p < 0.001, other.effect > 0.2
    (True, 0.0, True, True)
    """
    used = (window + reference) > 0
    known = np.append(np.ones(len(window) - 1, dtype=bool), False)[used]
    window, reference = window[used], reference[used]
    rows, of = int(window.sum()), int(reference.sum())
    if not rows or not of or len(window) < 2:
        return HomogeneityTest(1.0, 0.0)
    pooled = window + reference
    random = np.random.default_rng(seed)
    observed = float(pearson(window[np.newaxis, :], pooled, rows)[0])
    first = random.multivariate_hypergeometric(pooled, rows, FIRST_DRAWS, method="marginals")
    p = _p(observed, first, pooled, rows, movement, draws, random)
    whole = _beyond_chance(window, reference, first, movement)
    return HomogeneityTest(p, max(whole, _beyond_chance(window[known], reference[known], first[:, known], movement)))


def _beyond_chance(window: Counts, reference: Counts, first: Counts, movement: DesignEffect) -> float:
    chance = float(index(first, window + reference - first).mean()) * movement.effect
    return max(0.0, float(index(window[np.newaxis, :], reference[np.newaxis, :])[0]) - chance)


def _p(
    observed: float,
    first: Counts,
    pooled: Counts,
    rows: int,
    movement: DesignEffect,
    draws: int,
    random: np.random.Generator,
) -> float:
    """Draw only as often as it needs (Besag & Clifford, Sequential Monte Carlo p-values, 1991)."""
    found = pearson(first, pooled, rows) * _inflation(movement, len(first), random)
    beyond = int((found >= observed).sum())
    if beyond >= CHANCE:
        return (1 + beyond) / (1 + len(first))
    if movement.effect == 1 and (pooled * rows / pooled.sum()).min() >= LEAST_EXPECTED:
        approximate = _normal_tail(deviation(observed, len(pooled) - 1))
        if approximate < FAR_BEYOND:
            return approximate
    more = random.multivariate_hypergeometric(pooled, rows, max(draws - len(first), 0), method="marginals")
    found = pearson(more, pooled, rows) * _inflation(movement, len(more), random)
    return (1 + beyond + int((found >= observed).sum())) / (1 + len(first) + len(more))


def pearson(counts: Counts, pooled: Counts, rows: int) -> Floats:
    """Return Pearson's statistic of the homogeneity of each line of counts [lines, cells] and the rest of `pooled`.

    >>> pearson(np.array([[10, 20]]), np.array([30, 30]), 30).round(3).tolist()
    [6.667]
    """
    total = int(pooled.sum())
    expected = pooled * (rows / total)
    figures: Floats = ((counts - expected) ** 2 / expected).sum(axis=1) * (total / max(total - rows, 1))
    return figures


def index(window: Counts, reference: Counts) -> Floats:
    """Return the population stability index of each line, from shares that no empty cell makes infinite.

    Half a row is added to each cell (Jeffreys' prior; Krichevsky & Trofimov 1981).

    >>> index(np.array([[50, 50], [75, 25]]), np.array([[500, 500], [500, 500]])).round(2).tolist()
    [0.0, 0.27]
    """
    here = (window + 0.5) / (window.sum(axis=1, keepdims=True) + window.shape[1] / 2)
    there = (reference + 0.5) / (reference.sum(axis=1, keepdims=True) + reference.shape[1] / 2)
    figures: Floats = ((here - there) * np.log(here / there)).sum(axis=1)
    return figures


def _inflation(movement: DesignEffect, draws: int, random: np.random.Generator) -> Floats:
    """Draw design effects; what is known of it by few blocks is spread wide, as in the F version of the test."""
    if movement.effect <= 1:
        return np.ones(draws)
    spread = random.chisquare(movement.freedom, draws) / movement.freedom
    drawn: Floats = np.maximum(1.0, movement.effect / spread)
    return drawn


def _normal_tail(deviations: float) -> float:
    return max(0.5 * math.erfc(deviations / math.sqrt(2)), 1e-300)
