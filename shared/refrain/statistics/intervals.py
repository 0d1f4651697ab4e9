"""How sure is a figure? Formulas for shares and for means of dependent rows, and quantiles of resampled figures."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from refrain.errors import MetricUndefined
from refrain.statistics.dependence import sum_units

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from refrain.arrays import Floats

NORMAL_95 = 1.959964
"""The normal distribution's 97.5 % quantile: intervals by formula are 95 % ones."""


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


def mean_interval(values: Floats, units: NDArray[np.int64], confidence: float) -> Interval:
    """Return the interval of the mean of `values` [rows], by Student's t of the sums over units of dependent rows.

    Rows of one unit say less than as many independent ones. With influence values the interval is that of the figure
    which they belong to. Student's quantile is that of Fisher's expansion (1926).

    >>> tuple(round(end, 2) for end in mean_interval(np.array([1.0, 2.0, 3.0, 4.0]), np.arange(4), 0.9))
    (1.11, 3.89)
    """
    sums, sizes = sum_units(values[:, np.newaxis], units)
    mean, freedom = float(values.mean()), max(len(sizes) - 1, 1)
    normal = NormalDist().inv_cdf((1 + confidence) / 2)
    quantile = normal + (normal**3 + normal) / (4 * freedom)
    error = np.sqrt(((sums[:, 0] - mean * sizes) ** 2).sum() * (freedom + 1) / freedom) / sizes.sum()
    return Interval(mean - quantile * float(error), mean + quantile * float(error))


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
