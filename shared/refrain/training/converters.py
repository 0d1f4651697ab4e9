"""Conversions of our own: one that skl2onnx lacks, one that it rounds, one that it makes of three nodes a column.

A converter adds nodes to the graph; a shape calculator says what comes out
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
"""Of the standard operators; ONNX Runtime reads older ones for good."""


def missing_indicator(scope: Any, operator: Any, container: Any) -> None:
    """Write `isnan(x)` for all columns at once."""
    (given,) = _input(scope, operator, container)
    nan = scope.get_unique_variable_name("is_nan")
    _node(scope, container, "IsNaN", [given], nan)
    _as_float(scope, container, nan, operator)


def standard_scaler(scope: Any, operator: Any, container: Any) -> None:
    """Write `(x - mean) / scale`, correctly rounded as scikit-learn does it; the Scaler of ONNX multiplies instead."""
    (given,) = _input(scope, operator, container)
    scaler = operator.raw_operator
    mean, scale, centred = (scope.get_unique_variable_name(name) for name in ("mean", "scale", "centred"))
    for name, values in ((mean, scaler.mean_), (scale, scaler.scale_)):
        container.add_initializer(name, TensorProto.FLOAT, [len(values)], values.tolist())
    _node(scope, container, "Sub", [given, mean], centred)
    _node(scope, container, "Div", [centred, scale], operator.outputs[0].full_name)


def one_hot(scope: Any, operator: Any, container: Any) -> None:
    """Write `x[column] == code` for every code of every column at once."""
    (given,) = _input(scope, operator, container)
    codes = [np.asarray(known) for known in operator.raw_operator.categories_]
    places = np.repeat(np.arange(len(codes)), [len(known) for known in codes])
    columns, wanted, taken, equal = (
        scope.get_unique_variable_name(name) for name in ("columns", "codes", "taken", "equal")
    )
    container.add_initializer(columns, TensorProto.INT64, [len(places)], places.tolist())
    container.add_initializer(wanted, TensorProto.FLOAT, [len(places)], np.concatenate(codes).astype(float).tolist())
    _node(scope, container, "Gather", [given, columns], taken, axis=1)
    _node(scope, container, "Equal", [taken, wanted], equal)
    _as_float(scope, container, equal, operator)


def missing_indicator_shape(operator: Any) -> None:
    """One column for each that is looked at."""
    _shape(operator, len(operator.raw_operator.features_))


def standard_scaler_shape(operator: Any) -> None:
    """As many columns as came in."""
    _shape(operator, len(operator.raw_operator.mean_))


def one_hot_shape(operator: Any) -> None:
    """One column for each code."""
    _shape(operator, sum(len(known) for known in operator.raw_operator.categories_))


CONVERTERS = {MissingIndicator: missing_indicator, OneHotEncoder: one_hot, StandardScaler: standard_scaler}
SHAPES = {
    MissingIndicator: missing_indicator_shape,
    OneHotEncoder: one_hot_shape,
    StandardScaler: standard_scaler_shape,
}


def _shape(operator: Any, width: int) -> None:
    operator.outputs[0].type = FloatTensorType([operator.inputs[0].get_first_dimension(), width])


def _input(scope: Any, operator: Any, container: Any) -> list[str]:
    given = concatenate_variables(scope, operator.inputs, container)
    return [given] if isinstance(given, str) else list(given)


def _as_float(scope: Any, container: Any, name: str, operator: Any) -> None:
    _node(scope, container, "Cast", [name], operator.outputs[0].full_name, to=TensorProto.FLOAT)


def _node(scope: Any, container: Any, kind: str, inputs: list[str], output: str, **attributes: Any) -> None:
    name = scope.get_unique_operator_name(kind)
    container.add_node(kind, inputs, [output], op_version=13, name=name, **attributes)
