"""EASE: the linear model that predicts each item from all others, in closed form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from refrain.recommenders.gram import BLOCK, check_size, gram, invert
from refrain.recommenders.neighbours import Neighbours
from refrain.recommenders.recommender import Recommender

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from refrain.recommenders.graph import Graph, Scored
    from refrain.recommenders.plays import Plays


class Ease(Recommender):
    """Embarrassingly shallow autoencoder (Steck 2019, https://arxiv.org/abs/1905.03375).

    With P the inverse of XᵀX + `regularization`·I the weights are -P_ij / P_jj, and 0 on the diagonal. Each item keeps
    its `neighbours` largest in size (None: all). Memory is 8 bytes × items², time grows with items³.
    """

    neighbours_: Neighbours

    def __init__(
        self, regularization: float = 200.0, neighbours: int | None = 400, half_life_days: float | None = None
    ) -> None:
        self.regularization = regularization
        self.neighbours = neighbours
        self.half_life_days = half_life_days

    def _learn(self, plays: Plays) -> None:
        if not self.regularization > 0:
            raise ValueError(f"regularization is to be more than 0, not {self.regularization}")
        check_size(plays.items, 1, "Ease")
        matrix = gram(plays.binary())
        matrix[np.diag_indices_from(matrix)] += self.regularization
        self.neighbours_ = Neighbours.of(_weights(invert(matrix)), plays.items, self.neighbours)

    def _scores(self, histories: Sequence[NDArray[np.int64]]) -> NDArray[np.float32]:
        return self.neighbours_.scores(histories)

    def _add_scores(self, graph: Graph, start: str) -> Scored:
        return self.neighbours_.add_scores(graph, start)


def _weights(inverse: NDArray[np.float64]) -> Iterator[NDArray[np.float32]]:
    own = np.diag(inverse).copy()
    for start in range(0, len(inverse), BLOCK):
        block = -inverse[start : start + BLOCK] / own
        rows = np.arange(len(block))
        block[rows, start + rows] = 0
        yield block.astype(np.float32)
