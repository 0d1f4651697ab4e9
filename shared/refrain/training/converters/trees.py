"""Trees: skl2onnx writes them, and leaves out what is put right here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from skl2onnx.common._registration import get_converter
from sklearn._loss.link import LogLink

if TYPE_CHECKING:
    from refrain.training.converters.graph_step import GraphStep

ROUTES = "nodes_missing_value_tracks_true"


def convert_trees(step: GraphStep) -> None:
    """Convert as skl2onnx does, and let each node send NaN where it has learned to: left, if the attribute is 1."""
    get_converter(f"Sklearn{type(step.fitted).__name__}")(step.scope, step.operator, step.container)
    trees = [tree.tree_ for tree in getattr(step.fitted, "estimators_", [step.fitted])]
    for attribute in step.container.nodes[-1].attribute:
        if attribute.name == ROUTES:
            attribute.ints[:] = np.concatenate([tree.missing_go_to_left for tree in trees]).tolist()


def convert_histogram_boosting(step: GraphStep) -> None:
    """Convert as skl2onnx does, and add the exponential of a logarithmic link (losses poisson and gamma)."""
    sums = step.convert_as("SklearnHistGradientBoostingRegressor", step.fitted)
    logarithmic = isinstance(step.fitted._loss.link, LogLink)
    step.answer(step.add("Exp", sums) if logarithmic else sums)
