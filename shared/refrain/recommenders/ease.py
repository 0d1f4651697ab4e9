"""Linear models that predict each item from all others, in closed form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from refrain.recommenders.neighbours import Neighbours
from refrain.recommenders.recommender import Recommender
from refrain.recommenders.ridge import BLOCK, ridge_inverse

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from refrain.recommenders.interaction_matrix import InteractionMatrix
    from refrain.recommenders.onnx_graph import Graph, Scored


class Ease(Recommender):
    """Embarrassingly shallow autoencoder (Steck 2019, https://arxiv.org/abs/1905.03375).

    With P the inverse of XᵀX + Λ the weights are -P_ij / P_jj, and 0 on the diagonal; Λ is `regularization` for each
    item and, with `dropout` p, p / (1 - p) times the number of its users: learned as if a share p of each history
    were not known (EDLAE, Steck 2020, https://papers.nips.cc/paper/2020/hash/e33d974aae13e4d877477d51d8bafdc4). Each
    item keeps its `neighbours` largest weights in size (None: all). Memory is 8 bytes × items², and time grows with
    items³; with fewer users than items it is the users that count.
    """

    neighbours_: Neighbours

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

    def _learn(self, interactions: InteractionMatrix) -> None:
        self.neighbours_ = Neighbours.of(self._weights(interactions), interactions.items, self.neighbours)

    def _weights(self, interactions: InteractionMatrix) -> Iterator[NDArray[np.float32]]:
        """Yield blocks of rows of the weights [items, items]."""
        if not self.regularization > 0:
            raise ValueError(f"regularization is to be more than 0, not {self.regularization}")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout is to be from 0 to less than 1, not {self.dropout}")
        pairs = interactions.binary()
        item_users = np.bincount(pairs.indices, minlength=interactions.items)
        penalty = np.asarray(self.regularization + self.dropout / (1 - self.dropout) * item_users, dtype=np.float64)
        inverse = ridge_inverse(pairs, penalty)
        own = inverse.diagonal
        for start in range(0, interactions.items, BLOCK):
            block = -inverse.rows(start, start + BLOCK) / own
            yield without_diagonal(block, start).astype(np.float32)

    def _scores(self, histories: Sequence[NDArray[np.int64]]) -> NDArray[np.float32]:
        return self.neighbours_.scores(histories)

    def _add_scores(self, graph: Graph, start: str) -> Scored:
        return self.neighbours_.add_scores(graph, start)


def without_diagonal[Block: NDArray[np.floating]](block: Block, start: int) -> Block:
    """Set to 0 what rows from `start` on say of themselves."""
    places = np.arange(len(block))
    block[places, start + places] = 0
    return block
