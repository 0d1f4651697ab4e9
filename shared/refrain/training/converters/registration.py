"""The table of the project's own converters, and what makes skl2onnx use it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from skl2onnx import update_registered_converter
from sklearn.base import ClassifierMixin
from sklearn.impute import MissingIndicator
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from refrain.training.converters.feature_steps import convert_missing_indicator, convert_one_hot, convert_scaler
from refrain.training.converters.graph_step import make_converter, make_shape

if TYPE_CHECKING:
    from collections.abc import Callable

    from refrain.training.converters.graph_step import GraphStep

    type Conversion = tuple[Callable[[GraphStep], None], Callable[[Any], int]]
    """Adds the nodes of a fitted step; counts the columns that it puts out."""

CONVERSIONS: dict[type, Conversion] = {
    MissingIndicator: (convert_missing_indicator, lambda indicator: len(indicator.features_)),
    OneHotEncoder: (convert_one_hot, lambda encoder: sum(map(len, encoder.categories_))),
    StandardScaler: (convert_scaler, lambda scaler: len(scaler.mean_)),
}


@cache
def register_converters() -> None:
    """Make skl2onnx convert by this table, once for the process."""
    for kind, (convert, count_columns) in CONVERSIONS.items():
        options = {"zipmap": [False]} if issubclass(kind, ClassifierMixin) else None
        alias, shape = f"Refrain{kind.__name__}", make_shape(count_columns)
        update_registered_converter(kind, alias, shape, make_converter(convert), options=options)
