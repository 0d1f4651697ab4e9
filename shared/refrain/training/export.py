"""Export a fitted pipeline as the graph that is served: one float32 matrix in, one out, and nothing else.

Three conversions are our own: skl2onnx lacks the missing indicator, rounds the scaler, and needs three nodes a column
for one-hot codes. A converter adds nodes to the graph; a shape says how many columns its output has
(https://onnx.ai/sklearn-onnx/auto_tutorial/plot_icustom_converter.html).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType
from skl2onnx.operator_converters.common import concatenate_variables
from sklearn.impute import MissingIndicator
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from refrain.errors import CandidateRefused

if TYPE_CHECKING:
    from collections.abc import Callable

    from refrain.training.fitting import Fitted

INPUT = "features"
OPSETS = {"": 18, "ai.onnx.ml": 3}
"""The versions of the operators; ONNX Runtime goes on reading older ones."""

CONVERTER_ERRORS = (RuntimeError, ValueError, TypeError, AttributeError, LookupError, onnx.checker.ValidationError)
"""Raised by skl2onnx and onnx for a pipeline that they cannot convert; most share no base class."""


def export(fitted: Fitted, width: int) -> bytes:
    """Convert a pipeline on a matrix of `width` columns to ONNX; the same pipeline gives the same bytes.

    The graph has the input `features` float32 [rows, width] and one output, `probabilities` [rows, classes] or `value`
    [rows, 1]. Raises `CandidateRefused` with the converter's reason.
    """
    output = "value" if fitted.classes is None else "probabilities"
    options = None if fitted.classes is None else {id(fitted.estimator): {"zipmap": False}}
    try:
        model = convert_sklearn(
            fitted.pipeline,
            name="refrain",
            initial_types=[(INPUT, FloatTensorType([None, width]))],
            target_opset=OPSETS,
            options=options,
            custom_conversion_functions=CONVERTERS,
            custom_shape_calculators=SHAPES,
        )
        _keep_one_output(model.graph, output)
        onnx.checker.check_model(model, full_check=True)
    except CONVERTER_ERRORS as error:
        reason = " ".join(str(error).split())[:300]
        raise CandidateRefused(f"{type(fitted.estimator).__name__} cannot be exported to ONNX: {reason}") from error
    return bytes(model.SerializeToString(deterministic=True))


def _keep_one_output(graph: Any, name: str) -> None:
    """Keep the last output (a classifier's first is the label) under this name, and only the nodes that it needs."""
    output = graph.output[-1]
    if output.type.WhichOneof("value") != "tensor_type":
        raise ValueError(f"its output is a {output.type.WhichOneof('value')}")
    needed, nodes = {output.name}, []
    for node in reversed(graph.node):
        if needed & set(node.output):
            needed |= set(node.input)
            nodes.append(node)
    kept = [tensor for tensor in graph.initializer if tensor.name in needed]
    for node in nodes:
        node.output[:] = [name if tensor == output.name else tensor for tensor in node.output]
    output.name = name
    for field, content in ((graph.node, reversed(nodes)), (graph.initializer, kept), (graph.output, [output])):
        content = list(content)
        del field[:]
        field.extend(content)


def _convert_missing_indicator(scope: Any, operator: Any, container: Any) -> None:
    """Write `isnan(x)` for all columns at once."""
    nan = scope.get_unique_variable_name("is_nan")
    _node(scope, container, "IsNaN", [_input(scope, operator, container)], nan)
    _as_float(scope, container, nan, operator)


def _convert_scaler(scope: Any, operator: Any, container: Any) -> None:
    """Write `(x - mean) / scale`, correctly rounded as scikit-learn does it; the Scaler of ONNX multiplies instead."""
    features = _input(scope, operator, container)
    scaler = operator.raw_operator
    mean, scale, centred = (scope.get_unique_variable_name(name) for name in ("mean", "scale", "centred"))
    for name, values in ((mean, scaler.mean_), (scale, scaler.scale_)):
        container.add_initializer(name, TensorProto.FLOAT, [len(values)], values.tolist())
    _node(scope, container, "Sub", [features, mean], centred)
    _node(scope, container, "Div", [centred, scale], operator.outputs[0].full_name)


def _convert_one_hot(scope: Any, operator: Any, container: Any) -> None:
    """Write `x[column] == code` for every code of every column at once."""
    features = _input(scope, operator, container)
    codes = [np.asarray(categories) for categories in operator.raw_operator.categories_]
    indexes = np.repeat(np.arange(len(codes)), [len(categories) for categories in codes])
    columns, wanted, gathered, equal = (
        scope.get_unique_variable_name(name) for name in ("columns", "codes", "gathered", "equal")
    )
    container.add_initializer(columns, TensorProto.INT64, [len(indexes)], indexes.tolist())
    container.add_initializer(wanted, TensorProto.FLOAT, [len(indexes)], np.concatenate(codes).astype(float).tolist())
    _node(scope, container, "Gather", [features, columns], gathered, axis=1)
    _node(scope, container, "Equal", [gathered, wanted], equal)
    _as_float(scope, container, equal, operator)


def _input(scope: Any, operator: Any, container: Any) -> str:
    variables = concatenate_variables(scope, operator.inputs, container)
    (name,) = [variables] if isinstance(variables, str) else variables
    return str(name)


def _as_float(scope: Any, container: Any, name: str, operator: Any) -> None:
    _node(scope, container, "Cast", [name], operator.outputs[0].full_name, to=TensorProto.FLOAT)


def _node(scope: Any, container: Any, kind: str, inputs: list[str], output: str, **attributes: Any) -> None:
    name = scope.get_unique_operator_name(kind)
    container.add_node(kind, inputs, [output], op_version=13, name=name, **attributes)


def _shape(count_columns: Callable[[Any], int]) -> Callable[[Any], None]:
    """Make a shape calculator of a function that counts the columns that a fitted step puts out."""

    def calculate(operator: Any) -> None:
        columns = count_columns(operator.raw_operator)
        operator.outputs[0].type = FloatTensorType([operator.inputs[0].get_first_dimension(), columns])

    return calculate


CONVERTERS = {
    MissingIndicator: _convert_missing_indicator,
    OneHotEncoder: _convert_one_hot,
    StandardScaler: _convert_scaler,
}
SHAPES = {
    MissingIndicator: _shape(lambda indicator: len(indicator.features_)),
    OneHotEncoder: _shape(lambda encoder: sum(map(len, encoder.categories_))),
    StandardScaler: _shape(lambda scaler: len(scaler.mean_)),
}
