"""Our own conversions: skl2onnx lacks the first, rounds the second, and needs three nodes a column for the third.

A converter adds nodes to the graph; a shape calculator says what its output is
(https://onnx.ai/sklearn-onnx/auto_tutorial/plot_icustom_converter.html).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import TensorProto
from skl2onnx.common.data_types import FloatTensorType
from skl2onnx.operator_converters.common import concatenate_variables
from sklearn.impute import MissingIndicator
from sklearn.preprocessing import OneHotEncoder, StandardScaler

OPSET = 18
"""The version of the standard operators; ONNX Runtime goes on reading older ones."""


def missing_indicator(scope: Any, operator: Any, container: Any) -> None:
    """Write `isnan(x)` for all columns at once."""
    (features,) = _input(scope, operator, container)
    nan = scope.get_unique_variable_name("is_nan")
    _node(scope, container, "IsNaN", [features], nan)
    _as_float(scope, container, nan, operator)


def standard_scaler(scope: Any, operator: Any, container: Any) -> None:
    """Write `(x - mean) / scale`, correctly rounded as scikit-learn does it; the Scaler of ONNX multiplies instead."""
    (features,) = _input(scope, operator, container)
    scaler = operator.raw_operator
    mean, scale, centred = (scope.get_unique_variable_name(name) for name in ("mean", "scale", "centred"))
    for name, values in ((mean, scaler.mean_), (scale, scaler.scale_)):
        container.add_initializer(name, TensorProto.FLOAT, [len(values)], values.tolist())
    _node(scope, container, "Sub", [features, mean], centred)
    _node(scope, container, "Div", [centred, scale], operator.outputs[0].full_name)


def one_hot(scope: Any, operator: Any, container: Any) -> None:
    """Write `x[column] == code` for every code of every column at once."""
    (features,) = _input(scope, operator, container)
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


def missing_indicator_shape(operator: Any) -> None:
    """Return one column for each checked one."""
    _shape(operator, len(operator.raw_operator.features_))


def standard_scaler_shape(operator: Any) -> None:
    """Return as many columns as came in."""
    _shape(operator, len(operator.raw_operator.mean_))


def one_hot_shape(operator: Any) -> None:
    """Return one column for each code."""
    _shape(operator, sum(map(len, operator.raw_operator.categories_)))


CONVERTERS = {MissingIndicator: missing_indicator, OneHotEncoder: one_hot, StandardScaler: standard_scaler}
SHAPES = {
    MissingIndicator: missing_indicator_shape,
    OneHotEncoder: one_hot_shape,
    StandardScaler: standard_scaler_shape,
}


def _shape(operator: Any, width: int) -> None:
    operator.outputs[0].type = FloatTensorType([operator.inputs[0].get_first_dimension(), width])


def _input(scope: Any, operator: Any, container: Any) -> list[str]:
    variables = concatenate_variables(scope, operator.inputs, container)
    return [variables] if isinstance(variables, str) else list(variables)


def _as_float(scope: Any, container: Any, name: str, operator: Any) -> None:
    _node(scope, container, "Cast", [name], operator.outputs[0].full_name, to=TensorProto.FLOAT)


def _node(scope: Any, container: Any, kind: str, inputs: list[str], output: str, **attributes: Any) -> None:
    name = scope.get_unique_operator_name(kind)
    container.add_node(kind, inputs, [output], op_version=13, name=name, **attributes)
