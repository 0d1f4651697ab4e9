"""The ONNX graph that every recommender exports, except for its own scores.

Inputs: `history` int64 [requests, seen], codes of items, the oldest first; `exclude` int64 [requests, excluded], never
recommended; `within` int64 [requests, allowed], the only ones allowed, or all where a row is empty; `k` int64 [1]. Rows
are padded with -1, anywhere. Outputs: `items` int64 and `scores` float32 [requests, min(k, items)], best first, the
lower code among equal scores; item -1 with score -inf where no item is left. An empty history gets the popular items.

Padding needs no branch: tables and scores have one more entry at the end, with score -inf. The index -1 means the last
entry in ONNX as in Python.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from numpy.typing import NDArray

OPSET = 18
IR_VERSION = 10
"""Fixed, so that every version of onnx makes the same bytes. ONNX Runtime keeps reading old ones."""

INPUTS: dict[str, list[Any]] = {
    "history": ["requests", "seen"],
    "exclude": ["requests", "excluded"],
    "within": ["requests", "allowed"],
    "k": [1],
}
OUTPUTS = {"items": TensorProto.INT64, "scores": TensorProto.FLOAT}


class Scored(NamedTuple):
    """Names of scores [requests, columns], and of the codes of their items unless these are the columns."""

    scores: str
    codes: str | None = None


class Graph:
    """The nodes and constants of a graph; `node` and `constant` return the name that they add."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._constants: dict[str, NDArray[Any]] = {}

    def constant(self, name: str, values: NDArray[Any] | list[int] | float) -> str:
        """Add a constant: an array as it is, a list as int64, a number as float32."""
        kind = np.int64 if isinstance(values, list) else np.float32 if isinstance(values, float) else None
        self._constants[name] = np.ascontiguousarray(np.asarray(values, dtype=kind))
        return name

    def node(self, kind: str, inputs: list[str], output: str, *more_outputs: str, **attributes: Any) -> str:
        """Add a node; returns its first output."""
        self._nodes.append(helper.make_node(kind, inputs, [output, *more_outputs], **attributes))
        return output

    def choose(self, condition: str, then: Graph, otherwise: Graph, **outputs: int) -> None:
        """Add a choice between two graphs without constants.

        Outputs [requests, places] are named with their types; they end in `_then` and `_otherwise` in the two graphs.
        """
        branches = {}
        for name, branch in (("then", then), ("otherwise", otherwise)):
            values = [_value(f"{output}_{name}", kind, ["requests", "places"]) for output, kind in outputs.items()]
            branches[name] = helper.make_graph(branch._nodes, name, [], values)
        chosen = {"then_branch": branches["then"], "else_branch": branches["otherwise"]}
        self._nodes.append(helper.make_node("If", [condition], list(outputs), **chosen))

    def model(self) -> bytes:
        """Check the graph, and return its bytes."""
        inputs = [_value(name, TensorProto.INT64, shape) for name, shape in INPUTS.items()]
        outputs = [_value(name, kind, ["requests", "found"]) for name, kind in OUTPUTS.items()]
        constants = [numpy_helper.from_array(values, name) for name, values in self._constants.items()]
        graph = helper.make_graph(self._nodes, "recommender", inputs, outputs, constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
        onnx.checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString(deterministic=True))


def add_start(graph: Graph, usual: NDArray[np.float32], popularity: NDArray[np.float32]) -> str:
    """Add the scores to which a model adds its own, [requests, items + 1]: -inf for items that are not allowed.

    For allowed items a request with a history starts from `usual` [items], one without from `popularity` [items].
    """
    nothing = graph.constant("nothing", float("-inf"))
    graph.constant("usual", append_end(usual[None], -np.inf))
    graph.constant("popular", append_end(popularity[None], -np.inf))
    graph.constant("none_yet", 0.0)
    graph.constant("padding", np.array(0, dtype=np.int64))
    columns = graph.constant("columns", [1])
    requests = graph.node("Shape", ["history"], "requests", start=0, end=1)
    graph.constant("items_known", [len(usual)])
    graph.node("Concat", [requests, graph.constant("places", [len(usual) + 1])], "shape", axis=0)
    graph.node("ReduceMax", ["history", columns], "newest", keepdims=1)
    graph.node("GreaterOrEqual", ["newest", "padding"], "known")
    graph.node("ReduceMax", ["within", columns], "any_within", keepdims=1)
    graph.node("Less", ["any_within", "padding"], "open")
    graph.node("And", ["known", "open"], "plain")
    graph.node("Cast", ["plain"], "plain_number", to=TensorProto.INT32)
    graph.node("ReduceMin", ["plain_number"], "all_plain_number", keepdims=0)
    graph.node("Cast", ["all_plain_number"], "all_plain", to=TensorProto.BOOL)
    plain_start = Graph()  # every request has a history and allows all items, as is usual: one copy is enough
    plain_start.node("Expand", ["usual", "shape"], "start_then")
    graph.choose("all_plain", plain_start, _any_start(), start=TensorProto.FLOAT)
    graph.node("Shape", ["exclude"], "exclude_shape")
    graph.node("Expand", [nothing, "exclude_shape"], "excluded")
    return graph.node("ScatterElements", ["start", "exclude", "excluded"], "allowed", axis=1, reduction="add")


def add_ranking(graph: Graph, scored: Scored) -> None:
    """Add the choice of the best `k`."""
    graph.node("Min", ["k", "items_known"], "wanted")
    graph.node("TopK", [scored.scores, "wanted"], "scores", "places_found", axis=1)
    items = "places_found"
    if scored.codes:
        items = graph.node("GatherElements", [scored.codes, "places_found"], "codes_found", axis=1)
    graph.node("IsInf", ["scores"], "nothing_left", detect_positive=0)
    graph.node("Where", ["nothing_left", graph.constant("no_item", [-1]), items], "items")


def append_end(table: NDArray[Any], value: float) -> NDArray[Any]:
    """Append one more entry to the last axis: the one that the index -1 means."""
    return np.pad(table, [(0, 0)] * (table.ndim - 1) + [(0, 1)], constant_values=value)


def _any_start() -> Graph:
    graph = Graph()
    graph.node("Where", ["known", "usual", "popular"], "before_within")
    graph.node("Where", ["open", "none_yet", "nothing"], "barred")
    graph.node("Expand", ["barred", "shape"], "all_barred")
    graph.node("Less", ["within", "padding"], "within_padding")
    graph.node("Where", ["within_padding", "nothing", "none_yet"], "opened")
    graph.node("ScatterElements", ["all_barred", "within", "opened"], "within_start", axis=1)
    graph.node("Add", ["before_within", "within_start"], "start_otherwise")
    return graph


def _value(name: str, kind: int, shape: list[Any]) -> Any:
    return helper.make_tensor_value_info(name, kind, shape)
