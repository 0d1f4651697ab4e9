"""The most popular items for everybody: the floor that every recommender must reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from refrain.recommenders.onnx_graph import Graph, Scored
from refrain.recommenders.recommender import Recommender

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from refrain.recommenders.interaction_matrix import Interactions


@dataclass(frozen=True)
class Shares:
    """The same scores for every history; a graph starts from them."""

    shares: NDArray[np.float32]

    def scores(self, histories: Sequence[NDArray[np.int64]]) -> NDArray[np.float32]:
        """Return a score for each history and item."""
        return np.tile(self.shares, (len(histories), 1))

    def add_scores(self, _graph: Graph, start: str) -> Scored:
        """Add nothing."""
        return Scored(start)


class Popularity(Recommender):
    """Each item's share of all interactions, of which each counts half after `half_life_days`."""

    def __init__(self, half_life_days: float | None = None) -> None:
        self.half_life_days = half_life_days

    def _learn(self, _: Interactions) -> Shares:
        return Shares(self.popularity_)

    def _usual(self) -> NDArray[np.float32]:
        return self.popularity_
