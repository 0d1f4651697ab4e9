"""How far the tails of columns reach, so that hardly any ordinary row lies beyond: no single row can move that much.

A tail is extrapolated from three quantiles, each the same factor rarer than the one before. Their two distances say by
what ratio the distances grow: by 1 where the tail is exponential, by more where it is heavier (Pickands 1975). How rare
a value has to be is found by cross-validation: rows of a fold are held against the limits of all others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from refrain.arrays import divided

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from refrain.arrays import Floats

FIRST_SHARE = 0.1
LAST_SHARE = 0.001
"""The shares of the rows beyond the first and the last of the three quantiles."""

MIN_BEYOND = 3
"""So many rows lie beyond the last quantile, where there are few in all."""

MAX_RATIO = 10.0
"""The heaviest tail that is extrapolated; that of a Cauchy distribution grows so fast."""

ROWS_A_WILD_ONE = 4000
"""One in so many rows may be wild, and does not count."""

MAX_OUTSIDE = 0.003
"""The share of ordinary rows that may lie beyond the limits of any column."""

MAX_TRIES = 40
"""Limits are tried until few enough rows lie beyond, each for half the share before."""


@dataclass(frozen=True)
class Tails:
    """The upper tail of each column: its last quantile, the distance to the one before, and the ratio of distances.

    `least` is the least limit; `factor` by how much rarer each quantile is, and `beyond` the share beyond the last one.
    """

    last: Floats
    distance: Floats
    ratio: Floats
    least: Floats
    factor: Floats
    beyond: Floats

    @classmethod
    def of(cls, matrix: Floats) -> Self:
        """Learn from numbers [rows, columns], NaN where missing; a column without any has the limit -infinity."""
        ordered = np.sort(matrix, axis=0)
        count = np.count_nonzero(~np.isnan(ordered), axis=0)
        rows = np.maximum(count, 1)
        beyond = np.maximum(LAST_SHARE, MIN_BEYOND / rows)
        first = np.maximum(FIRST_SHARE, np.minimum(0.25, 8 * beyond))
        factor = np.maximum(np.sqrt(first / beyond), 2.0)
        quantiles = [_largest(ordered, count, share * rows) for share in (first, first / factor, beyond)]
        before = quantiles[1] - quantiles[0]
        distance = np.where(quantiles[2] > quantiles[1], quantiles[2] - quantiles[1], before / 4)
        ratio = np.clip(np.nan_to_num(divided(distance, before), nan=MAX_RATIO), 1.0, MAX_RATIO)
        least = _largest(ordered, count, (rows + ROWS_A_WILD_ONE / 2) // ROWS_A_WILD_ONE) + distance
        last, least = (np.where(count > 0, number, -np.inf) for number in (quantiles[2], least))
        return cls(last, distance, ratio, least, factor, beyond)

    def limits(self, share: float) -> Floats:
        """Return the number of each column that about this share of the rows exceeds."""
        steps = np.maximum(np.log(self.beyond / share) / np.log(self.factor), 0.0)
        growing = np.maximum(self.ratio, 1 + 1e-9)
        reach = growing * (growing**steps - 1) / (growing - 1)
        limits: Floats = np.maximum(self.last + self.distance * reach, self.least)
        return limits


def learn_limits(matrix: NDArray[np.floating[Any]], folds: NDArray[np.integer[Any]]) -> tuple[Floats, Floats]:
    """Return the least and the greatest ordinary number of each column; all rows of an entity have the same fold.

    >>> low, high = learn_limits(np.random.default_rng(0).normal(size=(4000, 1)), np.arange(4000) % 3)
    >>> bool(-6 < low[0] < -3.5), bool(3.5 < high[0] < 6)
    (True, True)
    """
    both = np.concatenate([-matrix, matrix], axis=1, dtype=np.float64)
    parts = [(both[folds == fold], Tails.of(both[folds != fold])) for fold in np.unique(folds) if np.ptp(folds)]
    allowed = int(MAX_OUTSIDE * (len(both) + 1))
    share = MAX_OUTSIDE / max(both.shape[1], 1)
    for _ in range(MAX_TRIES):
        if sum(int((rows > tails.limits(share)).any(axis=1).sum()) for rows, tails in parts) <= allowed:
            break
        share /= 2
    low, high = np.split(Tails.of(both).limits(share), 2)
    return -low, high


def _largest(ordered: Floats, count: NDArray[np.integer[Any]], rank: Floats) -> Floats:
    """Return the number of each ordered column that so many others exceed; 0 for a column without any."""
    index = np.clip(count - 1 - np.floor(rank), 0, None).astype(np.intp)
    return np.where(count > 0, np.take_along_axis(ordered, index[np.newaxis], axis=0)[0], 0.0)
