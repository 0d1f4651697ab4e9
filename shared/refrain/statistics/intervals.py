"""How sure is a figure? A formula for shares; for all else resamples of the rows, the same ones for every model.

In this paired bootstrap a resample that is easy or hard for all models does not change their difference (Efron &
Tibshirani, An introduction to the bootstrap, 1993, chapters 13 and 16).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from refrain.errors import MetricUndefined

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from refrain.arrays import Floats, Score

NORMAL_95 = 1.959964
"""The normal distribution's 97.5 % quantile: intervals by formula are 95 % ones."""

RESAMPLES = 1000

MAX_HELD_WEIGHTS = 1_000_000
"""Weights in memory at once, however many rows there are: 8 MB, and a few times that while a metric works on them."""


class Interval(NamedTuple):
    """Where a figure lies with a given confidence."""

    low: float
    high: float


def wilson_interval(share: float, rows: int) -> tuple[float, float]:
    """Return the 95 % score interval of a share (Wilson 1927), which stays within 0 and 1 and holds for few rows.

    >>> tuple(round(bound, 4) for bound in wilson_interval(0.0, 10))
    (0.0, 0.2775)
    """
    square = NORMAL_95**2 / rows
    middle = (share + square / 2) / (1 + square)
    half = NORMAL_95 * math.sqrt(share * (1 - share) / rows + square / (4 * rows)) / (1 + square)
    return max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))


def adjust_confidence(confidence: float, candidates: int) -> float:
    """Return the confidence to ask of each candidate, so that all of them together keep the given confidence.

    Of ten candidates one looks better by luck more often than a single one does. Bonferroni's inequality bounds that:
    each candidate gets its share of the risk (Dunn 1961).

    >>> adjust_confidence(0.95, 1), adjust_confidence(0.95, 2)
    (0.95, 0.975)
    """
    return round(1 - (1 - confidence) / max(candidates, 1), 12)


def resample(
    scores: Mapping[str, Score],
    rows: int,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
    groups: NDArray[Any] | None = None,
) -> dict[str, Floats]:
    """Return each score's figures [resamples] on the same random resamples of the rows; same seed, same figures.

    `scores` are prepared metrics by model (see `Metric.score`). `groups` are ids [rows] of rows that belong together (a
    customer, a day) and are drawn together, since rows of one group say less than as many independent ones (Davison &
    Hinkley, Bootstrap methods, 1997, chapter 3.8). None: every row is drawn alone.

    >>> totals = resample({"total": lambda weights: weights.sum(axis=1)}, 4, resamples=2)
    >>> totals["total"].tolist()
    [4.0, 4.0]
    """
    figures: dict[str, list[Floats]] = {name: [] for name in scores}
    for weights in _weights(rows, resamples, seed, groups):
        for name, score in scores.items():
            figures[name].append(score(weights))
    return {name: np.concatenate(parts) if parts else np.empty(0) for name, parts in figures.items()}


def _weights(rows: int, resamples: int, seed: int, groups: NDArray[Any] | None) -> Iterator[Floats]:
    """Yield blocks [resamples of the block, rows] of how often each row was drawn."""
    random = np.random.default_rng(seed)
    member = None if groups is None else np.unique(groups, return_inverse=True)[1]
    units = rows if member is None else int(member.max()) + 1
    block = max(1, MAX_HELD_WEIGHTS // max(rows, 1))
    for start in range(0, resamples, block):
        weights = np.empty((min(block, resamples - start), rows))
        for line in weights:
            drawn = np.bincount(random.integers(0, units, units), minlength=units)
            line[:] = drawn if member is None else drawn[member]
        yield weights


def percentile_interval(figures: Floats, confidence: float) -> Interval:
    """Return the central percentile interval of resampled figures; undefined ones (NaN) are left out.

    Raises `MetricUndefined` when no resample gave a figure.

    >>> percentile_interval(np.arange(101.0), 0.5)
    Interval(low=25.0, high=75.0)
    """
    defined = figures[np.isfinite(figures)]
    if not len(defined):
        raise MetricUndefined("no resample of the rows gives a figure, so there is no interval")
    tail = (1 - confidence) / 2
    return Interval(*np.quantile(defined, [tail, 1 - tail]).tolist())


def bootstrap_interval(score: Score, rows: int, confidence: float, resamples: int = RESAMPLES) -> Interval:
    """Return the percentile interval of one figure. Raises `MetricUndefined` when no resample gave a figure.

    >>> values = np.array([1.0, 2.0, 3.0, 4.0])
    >>> bootstrap_interval(lambda weights: weights @ values / weights.sum(axis=1), 4, 0.9)
    Interval(low=1.75, high=3.5)
    """
    return percentile_interval(resample({"": score}, rows, resamples=resamples)[""], confidence)


def share_no_worse(gains: Floats) -> float:
    """Return the share of resamples in which the challenger is as good or better: the probability that it is no worse.

    >>> share_no_worse(np.array([0.1, 0.0, -0.1, 0.2]))
    0.75
    """
    defined = gains[np.isfinite(gains)]
    return float(np.mean(defined >= 0)) if len(defined) else 0.0
