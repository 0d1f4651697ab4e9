"""Linear models that predict each item from all others, in closed form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from refrain.recommenders.neighbours import Neighbours, clear_diagonal
from refrain.recommenders.recommender import Recommender
from refrain.recommenders.ridge import BLOCK, ridge_inverse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from refrain.recommenders.interaction_matrix import Interactions


class Ease(Recommender):
    """Embarrassingly shallow autoencoder (Steck 2019, https://arxiv.org/abs/1905.03375).

    With P the inverse of XᵀX + Λ, the weights are -P_ij / P_jj, and 0 on the diagonal. Λ is `regularization` for each
    item. With `dropout` p it grows by p / (1 - p) times the item's users, as if a share p of each history were hidden
    in training (EDLAE, Steck 2020, https://papers.nips.cc/paper/2020/hash/e33d974aae13e4d877477d51d8bafdc4). Memory is
    8 bytes × items², and time grows with items³; with fewer users than items the number of users counts instead.
    """

    def __init__(
        self,
        regularization: float = 200.0,
        dropout: float = 0.0,
        neighbours: int | None = 400,
        half_life_days: float | None = None,
    ) -> None:
        self.regularization = regularization
        self.dropout = dropout
        self.neighbours = neighbours
        self.half_life_days = half_life_days

    def _learn(self, interactions: Interactions) -> Neighbours:
        return Neighbours.of(self._weights(interactions), interactions.items, self.neighbours)

    def _weights(self, interactions: Interactions) -> Iterator[NDArray[np.float32]]:
        """Yield blocks of rows of the weights [items, items], with a diagonal of 0."""
        if not self.regularization > 0:
            raise ValueError(f"regularization must be more than 0, not {self.regularization}")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout must be at least 0 and less than 1, not {self.dropout}")
        pairs = interactions.binary()
        item_users = np.bincount(pairs.indices, minlength=interactions.items)
        penalty = np.asarray(self.regularization + self.dropout / (1 - self.dropout) * item_users, dtype=np.float64)
        inverse = ridge_inverse(pairs, penalty)
        diagonal = inverse.diagonal
        for start in range(0, interactions.items, BLOCK):
            block = -inverse.rows(start, start + BLOCK) / diagonal
            yield clear_diagonal(block, start).astype(np.float32)
