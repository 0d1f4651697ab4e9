"""LightGBM and XGBoost: the converters of onnxmltools, with thresholds that float32 can hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from skl2onnx import update_registered_converter
from skl2onnx.common.shape_calculator import (
    calculate_linear_classifier_output_shapes,
    calculate_linear_regressor_output_shapes,
)

from refrain.training.thresholds import round_down

if TYPE_CHECKING:
    from collections.abc import Callable


def register_booster(kind: type) -> None:
    """Make skl2onnx convert a class of LightGBM or XGBoost; others are left alone."""
    convert = _find_converter(kind.__module__.partition(".")[0])
    if convert is None:
        return
    classifier = kind.__name__.endswith("Classifier")
    shapes = calculate_linear_classifier_output_shapes if classifier else calculate_linear_regressor_output_shapes
    options = {"zipmap": [False], "nocl": [False]} if classifier else None
    update_registered_converter(kind, f"Refrain{kind.__name__}", shapes, convert, options=options)


def _find_converter(library: str) -> Callable[[Any, Any, Any], None] | None:
    """Return the converter of a library. Its import takes the library's, which other estimators need not wait for."""
    if library == "lightgbm":
        from onnxmltools.convert.lightgbm.operator_converters.LightGbm import convert_lightgbm

        return lambda scope, operator, container: convert_lightgbm(scope, operator, _RoundedThresholds(container))
    if library == "xgboost":
        from onnxmltools.convert.xgboost.operator_converters.XGBoost import convert_xgboost

        return lambda scope, operator, container: convert_xgboost(scope, operator, container)
    return None


class _RoundedThresholds:
    """A container of nodes that rounds thresholds downwards, before they are written as float32.

    LightGBM compares in double precision, `x <= threshold`. XGBoost's thresholds are float32 already.
    """

    def __init__(self, container: Any) -> None:
        self._container = container

    def __getattr__(self, name: str) -> Any:
        return getattr(self._container, name)

    def add_node(self, kind: str, *names: Any, **attributes: Any) -> None:
        """Add a node; trees have their thresholds in `nodes_values`."""
        if "nodes_values" in attributes:
            attributes["nodes_values"] = round_down(np.asarray(attributes["nodes_values"], np.float64)).tolist()
        self._container.add_node(kind, *names, **attributes)
