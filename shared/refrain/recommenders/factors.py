"""Items as vectors: a history is the sum of its items, and its score for an item is a product."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from onnx import TensorProto

from refrain.recommenders.onnx_graph import Scored, append_end

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from refrain.recommenders.onnx_graph import Graph

MAX_EXACT_ITEMS = 20_000
"""Up to this many items are scored exactly; of more, all roughly and the best of them exactly."""

EXTRA_CANDIDATES = 200
"""Items beyond `k` that are scored exactly."""

HISTORY_RANGE, ITEM_RANGE = 63, 127
"""Ranges of the rough integers: sums of two products fit into 16 bits, so all processors give the same."""


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
            return self._add_exact_scores(graph, start, _add_candidates(graph, self.outside, start))
        graph.constant("outside", append_end(self.outside.T, 0))
        graph.node("MatMul", ["folded", "outside"], "products")
        return Scored(graph.node("Add", ["products", start], "summed"))

    def _add_exact_scores(self, graph: Graph, start: str, codes: str) -> Scored:
        graph.constant("outside", append_end(self.outside.T, 0).T)
        graph.node("Gather", ["outside", codes], "candidates_outside")
        graph.node("Unsqueeze", ["folded", graph.constant("last_axis", [2])], "folded_column")
        graph.node("MatMul", ["candidates_outside", "folded_column"], "products_column")
        graph.node("Squeeze", ["products_column", "last_axis"], "products")
        graph.node("GatherElements", [start, codes], "candidates_start", axis=1)
        return Scored(graph.node("Add", ["products", "candidates_start"], "summed"), codes)


def _add_candidates(graph: Graph, outside: NDArray[np.float32], start: str) -> str:
    """Add the codes [requests, candidates] of the best items by rough scores [requests, items + 1].

    Rough scores are whole numbers, up to a factor of each request. It may be left out: `start` adds 0 or -inf to a
    product, and popularity only where there is no history.
    """
    scale = np.maximum(np.abs(outside).max(axis=1), np.finfo(np.float32).tiny) / ITEM_RANGE
    whole = np.rint(outside / scale[:, None]).astype(np.int8)
    graph.constant("whole_items", append_end(whole.T, 0))
    graph.constant("item_scale", append_end(scale[None], 0))
    graph.constant("history_range", float(HISTORY_RANGE))
    graph.constant("smallest", float(np.finfo(np.float32).tiny))
    graph.constant("zero_point", np.array(HISTORY_RANGE, dtype=np.uint8))
    graph.node("Abs", ["folded"], "folded_size")
    graph.node("ReduceMax", ["folded_size", "heard_axis"], "folded_most", keepdims=1)
    graph.node("Max", ["folded_most", "smallest"], "folded_range")
    graph.node("Div", ["folded", "folded_range"], "folded_unit")
    graph.node("Mul", ["folded_unit", "history_range"], "folded_scaled")
    graph.node("Round", ["folded_scaled"], "folded_round")
    graph.node("Add", ["folded_round", "history_range"], "folded_level")
    graph.node("Cast", ["folded_level"], "whole_history", to=TensorProto.UINT8)
    graph.node("MatMulInteger", ["whole_history", "whole_items", "zero_point"], "whole_products")
    graph.node("Cast", ["whole_products"], "float_products", to=TensorProto.FLOAT)
    graph.node("Mul", ["float_products", "item_scale"], "scaled_products")
    graph.node("Add", ["scaled_products", start], "rough")
    graph.constant("more", [EXTRA_CANDIDATES])
    graph.node("Add", ["k", "more"], "candidates_wanted")
    graph.node("Min", ["candidates_wanted", "items_known"], "candidates_count")
    graph.node("TopK", ["rough", "candidates_count"], "candidates_rough", "candidates", axis=1)
    return "candidates"
