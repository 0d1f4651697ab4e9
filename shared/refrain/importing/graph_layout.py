"""How a graph that was made elsewhere takes its columns, and which of its outputs is the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from onnx import TensorProto

from refrain.errors import CannotImport
from refrain.words import listed

if TYPE_CHECKING:
    from collections.abc import Sequence

TEXT = TensorProto.STRING
NUMBERS = frozenset({TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.INT64, TensorProto.INT32, TensorProto.BOOL})


@dataclass(frozen=True)
class GraphInput:
    """An input of a graph: its type, the columns that it takes, and whether it has an axis for them."""

    name: str
    kind: int
    columns: tuple[str, ...]
    has_axis: bool


@dataclass(frozen=True)
class GraphAnswer:
    """The output that is the answer, its width where the graph tells it, and the labels that the graph names."""

    name: str
    width: int | None
    labels: tuple[str, ...]
    is_classifier: bool


def find_inputs(graph: Any, names: Sequence[str]) -> list[GraphInput]:
    """Find the columns of each input: those in `names` for one matrix, else one that is named like the input."""
    stored = {tensor.name for tensor in graph.initializer}
    tensors = [tensor for tensor in graph.input if tensor.name not in stored]
    for tensor in tensors:
        if tensor.type.tensor_type.elem_type not in NUMBERS | {TEXT}:
            raise CannotImport(f"the input {tensor.name} of the graph is no tensor of numbers or texts")
    if len(tensors) == 1:
        return [_matrix(tensors[0], names)]
    spelled = {_plain(name): name for name in names}
    return [_column(tensor, spelled) for tensor in tensors]


def find_answer(graph: Any) -> GraphAnswer:
    """Find the output with probabilities or values; a ZipMap, which makes dictionaries of them, is taken away."""
    zips = [node for node in graph.node if node.op_type == "ZipMap"]
    labels = next(filter(None, map(_labels, (*zips, *graph.node))), ())
    if zips:
        graph.node.remove(zips[0])
        return GraphAnswer(zips[0].input[0], len(labels), labels, is_classifier=True)
    numbers = [
        tensor
        for tensor in graph.output
        if tensor.type.tensor_type.elem_type in (TensorProto.FLOAT, TensorProto.DOUBLE)
    ]
    if len(numbers) != 1:
        names = [tensor.name for tensor in graph.output]
        raise CannotImport(f"expected one output of numbers, and the graph has {listed(names)}")
    width = _width(numbers[0])
    is_classifier = bool(labels) or len(graph.output) > 1 or (width or 1) > 1
    return GraphAnswer(numbers[0].name, width, labels, is_classifier)


def _matrix(tensor: Any, names: Sequence[str]) -> GraphInput:
    width = _width(tensor)
    if width is not None and width != len(names):
        raise CannotImport(
            f"the graph takes {width} columns, and {listed(list(names))} are {len(names)}: "
            "name them in its order with --columns"
        )
    kind = tensor.type.tensor_type.elem_type
    return GraphInput(tensor.name, kind, tuple(names), len(tensor.type.tensor_type.shape.dim) > 1)


def _column(tensor: Any, spelled: dict[str, str]) -> GraphInput:
    name = spelled.get(_plain(tensor.name))
    has_axis = len(tensor.type.tensor_type.shape.dim) > 1
    if name is None or (has_axis and _width(tensor) not in (1, None)):
        raise CannotImport(
            f"the input {tensor.name} of the graph is no column of the rows: each input has to be named after one"
        )
    return GraphInput(tensor.name, tensor.type.tensor_type.elem_type, (name,), has_axis)


def _plain(name: str) -> str:
    """Write a name without what makers of graphs replace."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _width(tensor: Any) -> int | None:
    sizes = tensor.type.tensor_type.shape.dim
    if len(sizes) == 1:
        return 1
    return int(sizes[1].dim_value) or None if sizes else None


def _labels(node: Any) -> tuple[str, ...]:
    """Return the labels that a node of a classifier names."""
    for attribute in node.attribute:
        if attribute.name.startswith("classlabels") and (attribute.strings or attribute.ints):
            return tuple(text.decode() for text in attribute.strings) or tuple(map(str, attribute.ints))
    return ()
