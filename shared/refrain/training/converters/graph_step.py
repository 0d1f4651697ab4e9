"""One fitted step while it is converted: adds nodes to the graph, and names what they put out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto, numpy_helper
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, Int64TensorType
from skl2onnx.operator_converters.common import concatenate_variables

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    type Value = str | NDArray[Any]
    """The name of what a node puts out, or a constant."""

OPSETS = {"": 18, "ai.onnx.ml": 3}
"""The versions of the operators; ONNX Runtime goes on reading older ones."""


class NoGraph(NotImplementedError):
    """A fitted step has parameters that no graph stands for; the sentence names those that can be had."""


class GraphStep:
    """A step of the pipeline, its features, and the part of the graph that stands for it.

    Sums are made in double precision, so that the graph does not lose what the step kept; the answer is float32, or
    what the step's shape declares.
    """

    def __init__(self, scope: Any, operator: Any, container: Any) -> None:
        self.scope, self.operator, self.container = scope, operator, container
        self.fitted = operator.raw_operator
        self.features = str(operator.inputs[0].full_name)
        if len(operator.inputs) > 1:
            self.features = str(concatenate_variables(scope, operator.inputs, container))

    def precise_features(self) -> str:
        """Name the features in double precision."""
        return self.as_double(self.features)

    def add(self, kind: str, *values: Value, **attributes: Any) -> str:
        """Add a node on values; return the name of what it puts out."""
        output = str(self.scope.get_unique_variable_name(kind.lower()))
        self._add(kind, values, [output], attributes)
        return output

    def add_pair(self, kind: str, *values: Value, **attributes: Any) -> tuple[str, str]:
        """Add a node that puts out two values; return both names."""
        first, second = (str(self.scope.get_unique_variable_name(kind.lower())) for _ in range(2))
        self._add(kind, values, [first, second], attributes)
        return first, second

    def as_double(self, value: str) -> str:
        """Add a cast to double precision."""
        return self.add("Cast", value, to=TensorProto.DOUBLE)

    def convert_as(self, alias: str, fitted: Any) -> str:
        """Let skl2onnx convert a regressor under an alias on the same features; return the name of its answer."""
        part = self.scope.declare_local_operator(alias, fitted)
        part.inputs = self.operator.inputs
        part.outputs.append(self.scope.declare_local_variable("part", FloatTensorType()))
        return str(part.outputs[0].full_name)

    def answer(self, value: str) -> None:
        """Put out the value as the answer of the step; of probabilities, the likeliest class besides."""
        is_double = isinstance(self.operator.outputs[-1].type, DoubleTensorType)
        declared = TensorProto.DOUBLE if is_double else TensorProto.FLOAT
        self._add("Cast", (value,), [self.operator.outputs[-1].full_name], {"to": declared})
        if len(self.operator.outputs) > 1:
            self._add("ArgMax", (value,), [self.operator.outputs[0].full_name], {"axis": 1, "keepdims": 0})

    def _add(self, kind: str, values: tuple[Value, ...], outputs: list[str], attributes: dict[str, Any]) -> None:
        inputs = [value if isinstance(value, str) else self._constant(value) for value in values]
        name = self.scope.get_unique_operator_name(kind)
        self.container.add_node(kind, inputs, outputs, op_version=OPSETS[""], name=name, **attributes)

    def _constant(self, values: NDArray[Any]) -> str:
        name = str(self.scope.get_unique_variable_name("constant"))
        tensor = numpy_helper.from_array(np.ascontiguousarray(values))
        self.container.add_initializer(name, tensor.data_type, list(values.shape), tensor)
        return name


def make_converter(convert: Callable[[GraphStep], None]) -> Callable[[Any, Any, Any], None]:
    """Make a converter of skl2onnx of a function that adds the nodes of a step."""
    return lambda scope, operator, container: convert(GraphStep(scope, operator, container))


def make_shape(count_columns: Callable[[Any], int], numbers: Any = FloatTensorType) -> Callable[[Any], None]:
    """Make a shape calculator of a function that counts the columns that a fitted step puts out."""

    def calculate(operator: Any) -> None:
        operator.outputs[-1].type = numbers([None, count_columns(operator.raw_operator)])
        if len(operator.outputs) > 1:
            operator.outputs[0].type = Int64TensorType([None])

    return calculate
