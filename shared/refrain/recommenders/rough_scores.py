"""Bounds of the scores of all items, from a product of small integers: four times faster than the scores.

A history's factors are x = α (h + ρ), with whole numbers h up to 63 and what rounding takes, ρ; those of an item are
β (w + σ), with whole numbers up to 127. By Cauchy and Schwarz their product is at most
αβ (h·w + |x / α| |σ| + |ρ| |w|). The two margins are products of whole numbers as well, rounded up: more factors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from onnx import TensorProto

from refrain.recommenders.onnx_graph import append_end

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from refrain.recommenders.onnx_graph import Graph

HISTORY_RANGE, ITEM_RANGE = 63, 127
"""Ranges of the whole numbers: sums of two products fit into 16 bits, so all processors give the same."""

ROUNDING = 1.001
"""Margins grow by this factor, for what the rounding of 32-bit numbers takes."""

TINY = float(np.finfo(np.float32).tiny)


def add_score_bounds(graph: Graph, outside: NDArray[np.float32], start: str) -> None:
    """Add `bounds` [requests, items + 1], which times `history_scale` [requests, 1] no score exceeds.

    The scale leaves `start` as it is: that adds 0 or -inf to a product, and popularity only where there is no history.
    """
    scale = np.maximum(np.abs(outside).max(axis=1), ITEM_RANGE * TINY) / ITEM_RANGE
    exact = outside / scale[:, None]
    whole = np.rint(exact)
    # Margins are at most 63 for a history; those of an item are spread over as many copies as fit them into 8 bits.
    factors = outside.shape[1]
    units = np.array([1 / np.sqrt(factors), 2 * HISTORY_RANGE / np.sqrt(factors)])
    copies = int(np.ceil(factors / (2 * HISTORY_RANGE)))
    lengths = np.linalg.norm([exact - whole, whole], axis=2)
    margins = np.minimum(np.ceil(ROUNDING * lengths / units[:, None] / copies), ITEM_RANGE)
    graph.constant(
        "whole_items", append_end(np.vstack([whole.T, np.repeat(margins, copies, axis=0)]).astype(np.int8), 0)
    )
    graph.constant("item_scale", append_end(scale[None], 0))
    _add_whole_history(graph, units.astype(np.float32), copies)
    graph.node("MatMulInteger", ["whole_history", "whole_items", "zero_point"], "whole_products")
    graph.node("Cast", ["whole_products"], "float_products", to=TensorProto.FLOAT)
    graph.node("Mul", ["float_products", "item_scale"], "scaled_products")
    graph.node("Add", ["scaled_products", start], "bounds")


def _add_whole_history(graph: Graph, units: NDArray[np.float32], copies: int) -> None:
    """Add the history's factors and margins, `whole_history` [requests, factors + 2 copies], from 0 to 126."""
    graph.constant("smallest", HISTORY_RANGE * TINY)
    graph.constant("history_range", float(HISTORY_RANGE))
    graph.constant("zero_point", np.array(HISTORY_RANGE, dtype=np.uint8))
    graph.constant("margin_units", units)
    graph.constant("margin_copies", [0] * copies + [1] * copies)
    graph.node("Abs", ["folded"], "folded_size")
    graph.node("ReduceMax", ["folded_size", "heard_axis"], "folded_most", keepdims=1)
    graph.node("Max", ["folded_most", "smallest"], "folded_range")
    graph.node("Div", ["folded_range", "history_range"], "history_scale")
    graph.node("Div", ["folded", "history_scale"], "folded_scaled")
    graph.node("Round", ["folded_scaled"], "folded_round")
    graph.node("Sub", ["folded_scaled", "folded_round"], "folded_rest")
    graph.node("ReduceL2", ["folded_scaled", "heard_axis"], "scaled_length")
    graph.node("ReduceL2", ["folded_rest", "heard_axis"], "rest_length")
    graph.node("Concat", ["scaled_length", "rest_length"], "lengths", axis=1)
    graph.node("Mul", ["lengths", "margin_units"], "margins_exact")
    graph.node("Ceil", ["margins_exact"], "margins")
    graph.node("Gather", ["margins", "margin_copies"], "margins_copied", axis=1)
    graph.node("Concat", ["folded_round", "margins_copied"], "history_columns", axis=1)
    graph.node("Add", ["history_columns", "history_range"], "history_level")
    graph.node("Cast", ["history_level"], "whole_history", to=TensorProto.UINT8)
