"""A graph that was made elsewhere as a source: asked as it is, and put behind a front that makes its inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto, helper
from onnx.compose import add_prefix

from preprocessing import is_missing
from refrain.errors import BrokenVersion, CannotImport
from refrain.importing.graph_front import GraphNodes, make_input, make_output
from refrain.importing.graph_layout import TEXT, GraphInput, find_answer, find_inputs
from refrain.importing.model_source import ModelColumn, ModelSource
from refrain.model.onnx import open_graph, run_graph
from refrain.model.tabular import INPUT, OUTPUTS
from refrain.words import listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from preprocessing import Array, Columns, Vocabularies
    from refrain.arrays import Floats

PREFIX = "imported/"
"""Before every name of the graph, so that no new name is one of them."""

SOURCE = "from elsewhere"
"""What errors call the graph, which is no version yet."""


class GraphSource(ModelSource):
    """A graph. `names` are the columns of the rows, in the order in which a matrix has them.

    Its classes are those that a person names (`classes`), else those that it names, else the `labels` of the rows.
    """

    estimator = "onnx.ModelProto"

    def __init__(
        self, model: Any, names: Sequence[str], classes: Sequence[str] = (), labels: Sequence[str] = ()
    ) -> None:
        self._inputs = find_inputs(model.graph, names)
        self._model = add_prefix(model, PREFIX)
        self._answer = find_answer(self._model.graph)
        self.classes = self._name_classes(classes, labels)
        self.columns = {
            name: ModelColumn(name, "category" if item.kind == TEXT else "number")
            for item in self._inputs
            for name in item.columns
        }
        self._output = OUTPUTS["regression" if self.classes is None else "classification"]
        self._session = open_graph(SOURCE, self._join(GraphNodes(), list(self._model.graph.input)))

    def answers(self, columns: Columns) -> Floats:
        """Answer typed columns as the graph itself does. Raises `CannotImport`."""
        rows = len(next(iter(columns.values())))
        inputs = {PREFIX + item.name: _input_of(item, columns) for item in self._inputs}
        try:
            answers = run_graph(SOURCE, self._session, [self._output], inputs)[0]
        except BrokenVersion as error:
            raise CannotImport(f"the model fails: {error}") from error
        answers = np.asarray(answers, dtype=np.float64).reshape(rows, -1)
        if answers.shape[1] != len(self.classes or " "):
            raise CannotImport(f"the graph answers {answers.shape[1]} numbers a row: name as many --classes")
        if self.classes is not None and not _are_probabilities(answers):
            raise CannotImport("the graph answers no probabilities: end it with a softmax or a sigmoid")
        return answers

    def graph(self, features: Sequence[str], vocabularies: Vocabularies) -> bytes:
        """Return a graph from the matrix of these features to the answers."""
        front = GraphNodes()
        for item in self._inputs:
            make_input(front, item, PREFIX + item.name, features, vocabularies)
        return self._join(front, [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, [None, len(features)])])

    def _join(self, nodes: GraphNodes, inputs: Sequence[Any]) -> bytes:
        """Put nodes before the graph, and behind it those that name the answer."""
        model = type(self._model)()
        model.CopyFrom(self._model)
        graph = model.graph
        nodes.nodes.extend(graph.node)
        is_second = self.classes is not None and self._answer.width == 1
        make_output(nodes, self._answer.name, self._output, is_second=is_second)
        output = helper.make_tensor_value_info(self._output, TensorProto.FLOAT, [None, len(self.classes or " ")])
        for field, content in ((graph.node, nodes.nodes), (graph.input, inputs), (graph.output, [output])):
            content = [type(part).FromString(part.SerializeToString()) for part in content]
            del field[:]
            field.extend(content)
        graph.initializer.extend(nodes.constants)
        return bytes(model.SerializeToString(deterministic=True))

    def _name_classes(self, own: Sequence[str], labels: Sequence[str]) -> tuple[str, ...] | None:
        answer = self._answer
        if not (answer.is_classifier or own):
            return None
        classes = tuple(own) or answer.labels or tuple(labels)
        width = 2 if answer.width == 1 else answer.width
        if not classes or width not in (None, len(classes)):
            raise CannotImport(
                f"the graph answers {width or 'some'} classes, and {listed(list(classes)) or 'none'} are named: "
                "name them in its order with --classes"
            )
        return classes


def _input_of(item: GraphInput, columns: Columns) -> Array:
    """Make an input of typed columns. Raises `CannotImport` for a missing value that its type does not have."""
    kind = np.dtype(object if item.kind == TEXT else helper.tensor_dtype_to_np_dtype(item.kind))
    values = [columns[name] for name in item.columns]
    if kind.kind != "f" and any(is_missing(column).any() for column in values):
        raise CannotImport(f"the input {item.name} of the graph has no missing values")
    parts = [np.asarray(column).astype(kind) for column in values]
    return np.column_stack(parts) if item.has_axis else np.asarray(parts[0])


def _are_probabilities(answers: Floats) -> bool:
    return bool((np.abs(answers - 0.5) < 0.501).all() and np.abs(answers.sum(axis=1) - 1).max() < 0.01)
