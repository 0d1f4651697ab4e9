"""The strongest relations of each item, kept small: what the item-to-item models are served by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from onnx import TensorProto

from refrain.recommenders.onnx_graph import Scored
from refrain.recommenders.top_k import largest_columns

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from refrain.recommenders.onnx_graph import Graph

MAX_PREPARED_ADDITIONS = 4_000_000
"""Additions to scores that are prepared at a time."""


@dataclass(frozen=True)
class Neighbours:
    """What one item of a history adds to the scores of others: `targets` [items + 1, neighbours], `weights` float16.

    Half precision costs three decimals of a weight and saves half of the file. The last row belongs to no item, and its
    weights are 0. So are those of an item with fewer neighbours; their target is the index after the last item.
    """

    targets: NDArray[Any]
    weights: NDArray[np.float16]

    @classmethod
    def of(cls, blocks: Iterable[NDArray[np.float32]], items: int, count: int | None) -> Self:
        """Keep of each row of the blocks (rows of one matrix [items, items]) the `count` largest in size, or all."""
        width = items if count is None else min(count, items)
        targets = np.full((items + 1, width), items, dtype=np.uint16 if items <= np.iinfo(np.uint16).max else np.int32)
        weights = np.zeros((items + 1, width), dtype=np.float16)
        start = 0
        for block in blocks:
            columns = largest_columns(np.abs(block), width)
            values = np.take_along_axis(block, columns, axis=1)
            rows = slice(start, start + len(block))
            targets[rows], weights[rows] = np.where(values == 0, items, columns), values
            start += len(block)
        return cls(targets, weights)

    def scores(self, histories: Sequence[NDArray[np.int64]]) -> NDArray[np.float32]:
        """Add up the weights of each history's items, in the order of the history: float32 [histories, items]."""
        items, width = len(self.targets) - 1, self.targets.shape[1]
        scores = np.zeros((len(histories), items + 1), dtype=np.float32)
        for row, history in enumerate(histories):
            step = max(1, MAX_PREPARED_ADDITIONS // width)
            for start in range(0, len(history), step):
                part = history[start : start + step]
                np.add.at(scores[row], self.targets[part].ravel(), self.weights[part].astype(np.float32).ravel())
        return scores[:, :-1]

    def add_scores(self, graph: Graph, start: str) -> Scored:
        """Add the same to a graph, on top of its scores `start`."""
        graph.constant("targets", self.targets)
        graph.constant("weights", self.weights)
        graph.constant("flat", [0, -1])
        graph.node("Gather", ["targets", "history"], "targets_found")
        graph.node("Gather", ["weights", "history"], "weights_found")
        graph.node("Cast", ["targets_found"], "targets_wide", to=TensorProto.INT32)
        graph.node("Cast", ["weights_found"], "weights_wide", to=TensorProto.FLOAT)
        graph.node("Reshape", ["targets_wide", "flat"], "targets_flat")
        graph.node("Reshape", ["weights_wide", "flat"], "weights_flat")
        graph.node("ScatterElements", [start, "targets_flat", "weights_flat"], "summed", axis=1, reduction="add")
        return Scored("summed")


def clear_diagonal[Block: NDArray[np.floating]](block: Block, start: int) -> Block:
    """Set to 0 the diagonal of a matrix in a block of its rows, of which `start` is the first."""
    rows = np.arange(len(block))
    block[rows, start + rows] = 0
    return block
