"""How sure are we? Resamples of the holdout rows, the same ones for every model (a paired bootstrap).

Because champion and challengers are judged on the very same resamples, what makes a resample easy or hard for all of
them cancels out in their difference (Efron & Tibshirani, An introduction to the bootstrap, 1993, chapters 13 and 16).
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from refrain.arrays import Floats, Score
from refrain.errors import MetricUndefined

RESAMPLES = 1000
# Weights held at once: 8 MB, and a few times that while a metric works on them, however many rows there are.
CELLS = 1_000_000


class Interval(NamedTuple):
    """Where a figure lies with a given confidence."""

    low: float
    high: float


def adjusted_confidence(confidence: float, candidates: int) -> float:
    """Return the confidence to ask of each of `candidates`, so that all of them together keep what was asked for.

    Who tries ten candidates finds one that looks better by luck more often than who tries one; Bonferroni's inequality
    bounds that: each gets its share of the risk (Dunn 1961).

    >>> adjusted_confidence(0.95, 1), adjusted_confidence(0.95, 2)
    (0.95, 0.975)
    """
    return round(1 - (1 - confidence) / max(candidates, 1), 12)


def resampled(
    scores: Mapping[str, Score],
    rows: int,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
    groups: NDArray[Any] | None = None,
) -> dict[str, Floats]:
    """Return each score's figures [resamples] on the same random resamples of the rows; same seed, same figures.

    Args:
        scores: prepared metrics by model (see `Metric.score`).
        rows: how many rows each score was prepared for.
        resamples: how many to draw.
        seed: of the random numbers.
        groups: ids [rows] of rows that belong together (a customer, a day) and are drawn together, since rows of one
            group say less than as many independent ones (Davison & Hinkley, Bootstrap methods, 1997, chapter 3.8).
            None: each row for itself.
    """
    figures: dict[str, list[Floats]] = {name: [] for name in scores}
    for weights in _weights(rows, resamples, seed, groups):
        for name, score in scores.items():
            figures[name].append(score(weights))
    return {name: np.concatenate(parts) if parts else np.empty(0) for name, parts in figures.items()}


def _weights(rows: int, resamples: int, seed: int, groups: NDArray[Any] | None) -> Iterator[Floats]:
    """Yield blocks [some resamples, rows] of how often each row was drawn."""
    random = np.random.default_rng(seed)
    member = None if groups is None else np.unique(groups, return_inverse=True)[1]
    units = rows if member is None else int(member.max()) + 1
    block = max(1, CELLS // max(rows, 1))
    for start in range(0, resamples, block):
        weights = np.empty((min(block, resamples - start), rows))
        for line in weights:
            drawn = np.bincount(random.integers(0, units, units), minlength=units)
            line[:] = drawn if member is None else drawn[member]
        yield weights


def interval(figures: Floats, confidence: float) -> Interval:
    """Return the central percentile interval of resampled figures; undefined ones (NaN) are left out.

    >>> interval(np.arange(101.0), 0.5)
    Interval(low=25.0, high=75.0)

    Raises:
        MetricUndefined: when no resample gave a figure.
    """
    known = figures[np.isfinite(figures)]
    if not len(known):
        raise MetricUndefined("no resample of the rows gives a figure, so there is no interval")
    tail = (1 - confidence) / 2
    low, high = np.quantile(known, [tail, 1 - tail])
    return Interval(float(low), float(high))


def share_no_worse(gains: Floats) -> float:
    """Return the share of resamples in which the challenger is as good or better: the probability that it is no worse.

    >>> share_no_worse(np.array([0.1, 0.0, -0.1, 0.2]))
    0.75
    """
    known = gains[np.isfinite(gains)]
    return float(np.mean(known >= 0)) if len(known) else 0.0
