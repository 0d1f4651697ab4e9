"""The most popular items for everybody: the floor that every recommender must reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from refrain.recommenders.onnx_graph import Graph, Scored
from refrain.recommenders.recommender import Recommender

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from refrain.recommenders.interaction_matrix import InteractionMatrix


class Popularity(Recommender):
    """Each item's share of all interactions, of which each counts half after `half_life_days`."""

    def __init__(self, half_life_days: float | None = None) -> None:
        self.half_life_days = half_life_days

    def _learn(self, interactions: InteractionMatrix) -> None:
        """Nothing more: the shares are learned already."""

    def _usual(self) -> NDArray[np.float32]:
        return self.popularity_

    def _scores(self, histories: Sequence[NDArray[np.int64]]) -> NDArray[np.float32]:
        return np.tile(self.popularity_, (len(histories), 1))

    def _add_scores(self, _: Graph, start: str) -> Scored:
        return Scored(start)
