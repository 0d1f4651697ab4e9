"""Items as vectors: a history is the sum of its items, and its score for an item is a product."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from onnx import TensorProto

from refrain.recommenders.onnx_graph import Graph, Scored, append_end
from refrain.recommenders.rough_scores import add_score_bounds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

MAX_EXACT_ITEMS = 20_000
"""Up to this many items are scored exactly; of more, those that may be the best by their rough scores."""

EXTRA_CANDIDATES = 100
"""Items beyond `k` that are scored exactly: enough to leave hardly ever a doubt, and few enough to be quick."""


@dataclass(frozen=True)
class Factors:
    """What items add to a history (`inside`, float32 [items, factors]), and what scores it (`outside`)."""

    inside: NDArray[np.float32]
    outside: NDArray[np.float32]

    @classmethod
    def of(cls, items: NDArray[np.float32], penalty: float) -> Self:
        """Fold histories into the space of items by ridge regression on their items."""
        wide = items.astype(np.float64)
        square = wide.T @ wide + penalty * np.eye(wide.shape[1])
        return cls(np.linalg.solve(square, wide.T).T.astype(np.float32), items)

    def extended(self, relatives: csr_array) -> Self:
        """Add new items: the mean of their relatives stands for them, [items, new items]."""
        means = (np.vstack([table, relatives.T @ table]).astype(np.float32) for table in (self.inside, self.outside))
        return type(self)(*means)

    def scores(self, histories: Sequence[NDArray[np.int64]]) -> NDArray[np.float32]:
        """Return the score of each history for each item, float32 [histories, items]."""
        folded = np.array([self.inside[history].sum(axis=0) for history in histories], dtype=np.float32)
        scored: NDArray[np.float32] = folded.reshape(len(histories), -1) @ self.outside.T
        return scored

    def add_scores(self, graph: Graph, start: str) -> Scored:
        """Add the same to a graph, on top of `start`; in a large catalogue only for those that may be the best."""
        graph.constant("inside", append_end(self.inside.T, 0).T)
        graph.constant("heard_axis", [1])
        graph.node("Gather", ["inside", "history"], "heard_factors")
        graph.node("ReduceSum", ["heard_factors", "heard_axis"], "folded", keepdims=0)
        if len(self.outside) > MAX_EXACT_ITEMS:
            return self._add_preselected(graph, start)
        graph.constant("outside", append_end(self.outside.T, 0))
        graph.node("MatMul", ["folded", "outside"], "products")
        return Scored(graph.node("Add", ["products", start], "summed"))

    def _add_preselected(self, graph: Graph, start: str) -> Scored:
        """Score the items with the largest bounds, or all where one of the rest may belong to the best `k`."""
        graph.constant("outside", append_end(self.outside.T, 0).T)
        add_score_bounds(graph, self.outside, start)
        graph.constant("more", [EXTRA_CANDIDATES])
        graph.node("Add", ["k", "more"], "candidates_wanted")
        graph.node("Min", ["candidates_wanted", "items_known"], "candidates_count")
        graph.node("TopK", ["bounds", "candidates_count"], "candidates_bounds", "candidates", axis=1)
        graph.node("Gather", ["outside", "candidates"], "candidates_outside")
        graph.node("Unsqueeze", ["folded", graph.constant("last_axis", [2])], "folded_column")
        graph.node("MatMul", ["candidates_outside", "folded_column"], "products_column")
        graph.node("Squeeze", ["products_column", "last_axis"], "products")
        graph.node("GatherElements", [start, "candidates"], "candidates_start", axis=1)
        graph.node("Add", ["products", "candidates_start"], "candidates_scores")
        _add_doubt(graph)
        graph.choose(
            "doubt", _all_scores(start), _candidates_scores(), summed=TensorProto.FLOAT, codes=TensorProto.INT64
        )
        return Scored("summed", "codes")


def _add_doubt(graph: Graph) -> None:
    """Add whether an item that is no candidate may score more than the last of the best `k` of some request."""
    graph.node("Min", ["k", "items_known"], "best_count")
    graph.node("TopK", ["candidates_scores", "best_count"], "best_scores", "best_places", axis=1)
    graph.node("ReduceMin", ["best_scores", "heard_axis"], "least_score")
    graph.node("ReduceMin", ["candidates_bounds", "heard_axis"], "least_bound")
    graph.node("Mul", ["least_bound", "history_scale"], "rest_bound")
    graph.node("Less", ["least_score", "rest_bound"], "doubts")
    graph.node("Cast", ["doubts"], "doubts_number", to=TensorProto.INT32)
    graph.node("ReduceMax", ["doubts_number"], "doubt_number", keepdims=0)
    graph.node("Cast", ["doubt_number"], "doubt", to=TensorProto.BOOL)


def _candidates_scores() -> Graph:
    graph = Graph()
    graph.node("Identity", ["candidates_scores"], "summed_otherwise")
    graph.node("Identity", ["candidates"], "codes_otherwise")
    return graph


def _all_scores(start: str) -> Graph:
    """Multiply from the left, so that ONNX Runtime keeps no second copy of the items."""
    graph = Graph()
    graph.node("Transpose", ["folded"], "folded_columns")
    graph.node("MatMul", ["outside", "folded_columns"], "all_columns")
    graph.node("Transpose", ["all_columns"], "all_products")
    graph.node("Add", ["all_products", start], "all_scores")
    graph.node("TopK", ["all_scores", "candidates_count"], "summed_then", "codes_then", axis=1)
    return graph
