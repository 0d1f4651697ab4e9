"""The steps before the estimator: skl2onnx lacks the missing indicator, rounds the scaler, and takes many nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto
from skl2onnx import get_model_alias
from skl2onnx.common.data_types import FloatTensorType

if TYPE_CHECKING:
    from refrain.training.converters.graph_step import GraphStep


def parse_empty_features(scope: Any, features: Any, inputs: Any, custom_parsers: Any = None) -> Any:
    """Declare the step with its width, which a step that takes columns apart has to know."""
    del custom_parsers
    operator = scope.declare_local_operator(get_model_alias(type(features)), features)
    operator.inputs = inputs
    width = FloatTensorType([None, len(features.empty)])
    operator.outputs.append(scope.declare_local_variable("kept", width))
    return operator.outputs


def convert_empty_features(step: GraphStep) -> None:
    """Write zero for the features that no training row had."""
    step.answer(step.add("Where", step.fitted.empty, np.zeros(1, np.float32), step.features))


def convert_missing_indicator(step: GraphStep) -> None:
    """Write `isnan(x)` for all columns at once."""
    step.answer(step.add("IsNaN", step.features))


def convert_scaler(step: GraphStep) -> None:
    """Write `(x - mean) / scale`, correctly rounded as scikit-learn does it; the Scaler of ONNX multiplies instead."""
    centred = step.add("Sub", step.features, step.fitted.mean_.astype(np.float32))
    step.answer(step.add("Div", centred, step.fitted.scale_.astype(np.float32)))


def convert_word_weights(step: GraphStep) -> None:
    """Write `x * weights`, divided by its length, which is at least 1 where there is a word."""
    weighed = step.add("Mul", step.features, step.fitted.weights_)
    length = step.add("ReduceL2", weighed, np.array([1]), keepdims=1)
    step.answer(step.add("Div", weighed, step.add("Max", length, np.ones(1, np.float32))))


def convert_target_codes(step: GraphStep) -> None:
    """Look up `tables[column][code]`, for each class where there are several."""
    tables = step.fitted.encodings_
    columns = np.repeat(np.arange(len(step.fitted.categories_)), len(tables) // len(step.fitted.categories_))
    starts = np.cumsum([0, *(len(table) for table in tables[:-1])])
    codes = step.add("Cast", step.add("Gather", step.features, columns, axis=1), to=TensorProto.INT64)
    step.answer(step.add("Gather", np.concatenate(tables).astype(np.float32), step.add("Add", codes, starts)))


def convert_one_hot(step: GraphStep) -> None:
    """Write `x[column] == code` for every code of every column at once; skl2onnx needs three nodes a column."""
    codes = [np.asarray(categories) for categories in step.fitted.categories_]
    columns = np.repeat(np.arange(len(codes)), [len(categories) for categories in codes])
    gathered = step.add("Gather", step.features, columns, axis=1)
    step.answer(step.add("Equal", gathered, np.concatenate(codes).astype(np.float32)))
