"""The strongest relations of each item, kept small: what the item-to-item models are served by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from onnx import TensorProto
from scipy.sparse import csr_array, diags_array, eye_array, vstack

from refrain.recommenders.onnx_graph import Scored
from refrain.recommenders.top_k import largest_columns

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from refrain.recommenders.onnx_graph import Graph

BLOCK = 256
"""Rows of a matrix of items by items that are held at a time."""

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
    def of(cls, blocks: Iterable[NDArray[np.float32]], items: int, count: int | None, new: int = 0) -> Self:
        """Keep of each row of the blocks (rows of one matrix [items, items]) the `count` largest in size, or all.

        A quarter of the places goes first to the last columns, of `new` items, which are seldom among the largest.
        """
        width = items if count is None else min(count, items)
        targets = np.full((items + 1, width), items, dtype=np.uint16 if items <= np.iinfo(np.uint16).max else np.int32)
        weights = np.zeros((items + 1, width), dtype=np.float16)
        start = 0
        for block in blocks:
            sizes = np.abs(block)
            if new:
                _raise_largest(sizes[:, -new:], max(1, width // 4))
            columns = largest_columns(sizes, width)
            values = np.take_along_axis(block, columns, axis=1)
            rows = slice(start, start + len(block))
            targets[rows], weights[rows] = np.where(values == 0, items, columns), values
            start += len(block)
        return cls(targets, weights)

    def extended(self, relatives: csr_array) -> Self:
        """Add new items: the mean of their relatives [items, new items] stands for them in histories and as targets.

        A relative in the history is itself a reason, as strong as the reason that it is for its nearest neighbour.
        """
        items, width = len(self.targets) - 1, self.targets.shape[1]
        starts = np.arange(items + 1) * width
        cells = (self.weights[:-1].astype(np.float32).ravel(), self.targets[:-1].ravel(), starts)
        weights = csr_array(cells, shape=(items, items + 1))[:, :items]
        reasons = weights + diags_array(weights.max(axis=1).toarray())
        means = csr_array(vstack([eye_array(items), relatives.T], dtype=np.float32))
        blocks = (
            clear_diagonal(np.hstack([(rows @ weights).toarray(), (rows @ reasons @ relatives).toarray()]), start)
            for start in range(0, means.shape[0], BLOCK)
            for rows in (means[start : start + BLOCK],)
        )
        return self.of(blocks, means.shape[0], None if width == items else width, relatives.shape[1])

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


def _raise_largest(sizes: NDArray[np.float32], count: int) -> None:
    """Set the `count` largest sizes of each row to infinity, unless they are 0."""
    columns = largest_columns(sizes, min(count, sizes.shape[1]))
    values = np.take_along_axis(sizes, columns, axis=1)
    np.put_along_axis(sizes, columns, np.where(values > 0, np.inf, 0), axis=1)


def clear_diagonal[Block: NDArray[np.floating]](block: Block, start: int) -> Block:
    """Set to 0 the diagonal of a matrix in a block of its rows, of which `start` is the first."""
    rows = np.arange(len(block))
    block[rows, start + rows] = 0
    return block
