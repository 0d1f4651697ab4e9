"""Interactions of users and items as one sparse matrix: all that the estimators learn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

DAY = 86_400.0
MIN_DECAY = 2.0**-60
"""Interactions never decay to nothing: an item would fall behind items that nobody ever chose."""


@dataclass(frozen=True)
class Interactions:
    """Interactions of users × items.

    `weights` float32 holds for each pair the sum of its events' weights (1 each where there are none). `times` runs
    parallel to `weights.data`: the newest event of the pair, in epoch seconds; NaN without a time. `now` is the newest
    of all. Codes of items are expected in the order of falling popularity, with ties in random order: of equal
    scores the lower code comes first.
    """

    weights: csr_array
    times: NDArray[np.float64]
    now: float

    @property
    def items(self) -> int:
        """The number of items."""
        return int(self.weights.shape[1])

    def check(self) -> None:
        """Raise `ValueError` when nothing can be learned."""
        values = self.weights.data
        if not self.items or not len(values):
            raise ValueError("there are no interactions to learn from")
        if len(self.times) != len(values):
            raise ValueError(f"there are {len(self.times)} times for {len(values)} pairs of user and item")
        if not np.isfinite(values).all() or values.min() < 0:
            raise ValueError("weights of interactions must be finite and not negative")

    def decay(self, half_life_days: float | None) -> NDArray[np.float64]:
        """Return how much each pair still counts: half as much after each half-life; 1 without a time."""
        if half_life_days is None:
            return np.ones(len(self.times))
        if not half_life_days > 0:
            raise ValueError(f"a half-life must be more than 0 days, not {half_life_days}")
        age = np.nan_to_num((self.now - self.times) / DAY, nan=0.0)
        return np.asarray(np.maximum(0.5 ** (age / half_life_days), MIN_DECAY))

    def shares(self, half_life_days: float | None = None) -> NDArray[np.float32]:
        """Return each item's share of all interactions, float32 [items], the newer ones counting more with a half-life.

        >>> from scipy.sparse import csr_array
        >>> pairs = csr_array(np.array([[3, 1], [0, 4]], dtype=np.float32))
        >>> Interactions(pairs, np.array([0.0, DAY, DAY]), DAY).shares(half_life_days=1)
        array([0.23076923, 0.7692308 ], dtype=float32)
        """
        counted = self.weights.data * self.decay(half_life_days)
        sums = np.bincount(self.weights.indices, weights=counted, minlength=self.items)
        return (sums / max(sums.sum(), np.finfo(np.float64).tiny)).astype(np.float32)

    def binary(self) -> csr_array:
        """Return which pairs of user and item there are, 1 or 0, in float32."""
        pairs = self.weights.copy()
        pairs.data = np.ones_like(pairs.data, dtype=np.float32)
        return pairs

    def targets(self, half_life_days: float | None) -> csr_array:
        """Return what the pairs count to somebody who predicts: 1, or less the older they are, with a half-life."""
        pairs = self.weights.copy()
        pairs.data = self.decay(half_life_days).astype(np.float32)
        return pairs
