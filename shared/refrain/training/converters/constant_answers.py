"""Estimators that look at one feature, or at none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from onnx import TensorProto

from refrain.training.converters.graph_step import NoGraph

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from refrain.training.converters.graph_step import GraphStep


def convert_dummy_classifier(step: GraphStep) -> None:
    """Give every row the same probabilities."""
    fitted = step.fitted
    classes = np.arange(fitted.n_classes_)
    shares = {
        "prior": fitted.class_prior_,
        "most_frequent": classes == fitted.class_prior_.argmax(),
        "uniform": np.full(len(classes), 1 / len(classes)),
        "constant": fitted.classes_ == fitted.constant,
    }
    if fitted.strategy not in shares:
        raise NoGraph(f"its strategy must be {', '.join(shares)}")
    _repeat(step, np.asarray(shares[fitted.strategy], dtype=np.float64))


def convert_dummy_regressor(step: GraphStep) -> None:
    """Give every row the same value."""
    _repeat(step, np.ravel(step.fitted.constant_).astype(np.float64))


def convert_isotonic(step: GraphStep) -> None:
    """Interpolate between the thresholds of the one feature."""
    fitted = step.fitted
    answers = add_interpolation(step, step.precise_features(), fitted.X_thresholds_, fitted.y_thresholds_)
    if fitted.out_of_bounds != "clip":
        low, high = (np.array(float(bound)) for bound in (fitted.X_min_, fitted.X_max_))
        inside = step.add("Equal", step.precise_features(), step.add("Clip", step.precise_features(), low, high))
        answers = step.add("Where", inside, answers, np.array(np.nan))
    step.answer(answers)


def add_interpolation(step: GraphStep, values: str, starts: NDArray[np.float64], heights: NDArray[np.float64]) -> str:
    """Interpolate values [rows, 1] between points, level before the first and after the last."""
    starts, heights = np.asarray(starts, dtype=np.float64), np.asarray(heights, dtype=np.float64)
    if len(starts) == 1:
        starts, heights = np.append(starts, starts + 1), np.append(heights, heights)
    slopes = np.diff(heights) / np.diff(starts)
    held = step.add("Clip", values, starts[:1].reshape(()), starts[-1:].reshape(()))
    passed = step.add("Cast", step.add("GreaterOrEqual", held, starts[None, 1:-1]), to=TensorProto.INT64)
    segment = step.add("ReduceSum", passed, np.array([1]), keepdims=1)
    run = step.add("Sub", held, step.add("Gather", starts, segment))
    return step.add(
        "Add", step.add("Gather", heights, segment), step.add("Mul", run, step.add("Gather", slopes, segment))
    )


def _repeat(step: GraphStep, answers: NDArray[np.float64]) -> None:
    rows = step.add("Shape", step.features, start=0, end=1)
    shape = step.add("Concat", rows, np.array([len(answers)]), axis=0)
    step.answer(step.add("Expand", answers[None], shape))
