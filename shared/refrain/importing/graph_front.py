"""The nodes before and behind a graph that was made elsewhere, so that it goes from features to answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from refrain.importing.graph_layout import TEXT
from refrain.importing.model_source import UNSEEN_TEXT
from refrain.model.tabular import INPUT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from preprocessing import Vocabularies
    from refrain.importing.graph_layout import GraphInput


class GraphNodes:
    """Nodes with their constants, in order."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def add(self, kind: str, *values: str | NDArray[Any], output: str = "", **attributes: Any) -> str:
        """Add a node on values; return the name of what it puts out."""
        output = output or f"{kind} {len(self.nodes)}"
        inputs = [value if isinstance(value, str) else self._constant(value) for value in values]
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def _constant(self, values: NDArray[Any]) -> str:
        name = f"constant {len(self.constants)}"
        self.constants.append(numpy_helper.from_array(values, name))
        return name


def make_input(
    nodes: GraphNodes, item: GraphInput, output: str, features: Sequence[str], vocabularies: Vocabularies
) -> None:
    """Add the nodes that make an input of the features: texts of codes, numbers of its own type."""
    indices = [features.index(name) for name in item.columns]
    if item.kind == TEXT:
        parts = [_texts(nodes, index, vocabularies[features[index]]) for index in indices]
        values = nodes.add("Concat", *parts, axis=1)
    else:
        chosen = nodes.add("Gather", INPUT, np.array(indices), axis=1)
        values = nodes.add("Cast", chosen, to=item.kind)
    nodes.add("Reshape", values, np.array([-1, len(indices)] if item.has_axis else [-1]), output=output)


def make_output(nodes: GraphNodes, answer: str, output: str, *, is_second: bool) -> None:
    """Make the answer float32; one that is the probability of the second of two classes gets the first beside it."""
    if not is_second:
        nodes.add("Cast", answer, output=output, to=TensorProto.FLOAT)
        return
    second = nodes.add("Reshape", nodes.add("Cast", answer, to=TensorProto.FLOAT), np.array([-1, 1]))
    nodes.add("Concat", nodes.add("Sub", np.array([1], np.float32), second), second, output=output, axis=1)


def _texts(nodes: GraphNodes, index: int, texts: Sequence[str]) -> str:
    """Look up the texts of a column's codes."""
    codes = nodes.add("Cast", nodes.add("Gather", INPUT, np.array([index]), axis=1), to=TensorProto.INT64)
    return nodes.add("Gather", np.array(["", UNSEEN_TEXT, *texts], dtype=object), codes, axis=0)
