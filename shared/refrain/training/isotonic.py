"""Isotonic calibration that float32 can follow: rising lines through the centres of what the rows have shown.

Oron & Flournoy, Centered isotonic regression, 2017: a step function jumps where two answers differ by a rounding, and
the lines of scikit-learn are nearly as steep there. Lines between the centres of the steps lie closer to the truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from sklearn.isotonic import isotonic_regression

from refrain.statistics.calibration import share_out

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from refrain.arrays import Floats, Truth

    type Knots = tuple[Floats, Floats]
    """The answers at which a line bends, and how likely the class is there."""

MAX_SLOPE = 20.0
"""A greater one would make a rounding of the graph a difference that parity sees."""


@dataclass(frozen=True)
class IsotonicCalibration:
    """The `lines` of each class, or of the second of two."""

    lines: tuple[Knots, ...]

    @classmethod
    def fit(cls, truth: Truth, answers: Floats, weights: Floats) -> Self:
        """Fit to class numbers [rows] and answers [rows, classes] that were made without these rows."""
        first = 1 if answers.shape[1] == 2 else 0
        numbers = range(first, answers.shape[1])
        return cls(tuple(_rising_line(truth == number, answers[:, number], weights) for number in numbers))

    def correct(self, answers: Floats) -> Floats:
        """Return how likely each class is [rows, classes].

        >>> line = np.array([0.0, 1.0]), np.array([0.1, 0.5])
        >>> IsotonicCalibration((line,)).correct(np.array([[0.5, 0.5]])).round(3).tolist()
        [[0.7, 0.3]]
        """
        columns = answers[:, 1:] if answers.shape[1] == 2 else answers
        likely = [np.interp(column, *line) for column, line in zip(columns.T, self.lines, strict=True)]
        return share_out(np.stack(likely, axis=1))


def _rising_line(happened: NDArray[np.bool_], answers: Floats, weights: Floats) -> Knots:
    """Pool answers until their shares rise, and pool on where a line would be too steep.

    No share is surer than the number of rows allows.
    """
    values, member = np.unique(answers, return_inverse=True)
    counts = np.bincount(member, weights)
    shares = np.bincount(member, weights * happened) / counts
    _, block = np.unique(isotonic_regression(shares, sample_weight=counts), return_inverse=True)
    pools: list[tuple[float, float, float]] = []
    sums = (np.bincount(block, counts * part) for part in (1.0, values, shares))
    for count, value, share in zip(*sums, strict=True):
        pool = (float(count), float(value), float(share))
        while pools and _is_steep(pools[-1], pool):
            pool = tuple(map(sum, zip(pools.pop(), pool, strict=True)))  # type: ignore[assignment]
        pools.append(pool)
    count, value, share = np.array(pools).T
    least = 1 / (weights.sum() + 2)
    x, y = (value / count).astype(np.float32), np.clip(share / count, least, 1 - least).astype(np.float32)
    return (x.astype(np.float64), y.astype(np.float64)) if len(x) > 1 else (np.array([0.0, 1.0]), np.repeat(y, 2))


def _is_steep(lower: tuple[float, float, float], upper: tuple[float, float, float]) -> bool:
    (a, x, y), (b, later, higher) = lower, upper
    return higher / b - y / a > MAX_SLOPE * (later / b - x / a)
