"""Interactions of users and items as one sparse matrix: all that the estimators learn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from refrain.recommendation.popularity import halve_with_age, user_shares

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array


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

    def shares(self, half_life_days: float | None = None) -> NDArray[np.float32]:
        """Return each item's share of all pairs of user and item, float32 [items]; see `user_shares`."""
        return user_shares(self.weights.indices, self.decay(half_life_days), self.items)

    def decay(self, half_life_days: float | None) -> NDArray[np.float64]:
        """Return how much each pair still counts; see `halve_with_age`."""
        return halve_with_age(self.times, self.now, half_life_days)

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
