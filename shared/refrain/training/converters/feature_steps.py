"""The steps before the estimator: skl2onnx lacks the missing indicator, rounds the scaler, and takes many nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from refrain.training.converters.graph_step import GraphStep


def convert_missing_indicator(step: GraphStep) -> None:
    """Write `isnan(x)` for all columns at once."""
    step.answer(step.add("IsNaN", step.features))


def convert_scaler(step: GraphStep) -> None:
    """Write `(x - mean) / scale`, correctly rounded as scikit-learn does it; the Scaler of ONNX multiplies instead."""
    centred = step.add("Sub", step.features, step.fitted.mean_.astype(np.float32))
    step.answer(step.add("Div", centred, step.fitted.scale_.astype(np.float32)))


def convert_one_hot(step: GraphStep) -> None:
    """Write `x[column] == code` for every code of every column at once; skl2onnx needs three nodes a column."""
    codes = [np.asarray(categories) for categories in step.fitted.categories_]
    columns = np.repeat(np.arange(len(codes)), [len(categories) for categories in codes])
    gathered = step.add("Gather", step.features, columns, axis=1)
    step.answer(step.add("Equal", gathered, np.concatenate(codes).astype(np.float32)))
