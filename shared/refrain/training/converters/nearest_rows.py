"""Estimators that answer by training rows nearby: neighbours in number or in a radius, and propagated labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto

from refrain.training.converters.distances import add_distances

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from refrain.training.converters.graph_step import GraphStep

LAST = np.array([1])
"""The axis of the training rows."""


def convert_neighbours(step: GraphStep) -> None:
    """Take the mean of the nearest rows' classes or values, weighed by distance where the estimator does."""
    indexes, distances = _nearest(step, step.fitted, step.fitted.n_neighbors)
    step.answer(_weighted_mean(step, step.add("Gather", _table(step), indexes), _weights(step, distances)))


def convert_radius_neighbours(step: GraphStep) -> None:
    """Take the mean of all rows within the radius; a row without any has no answer, or that of `outlier_label`."""
    fitted = step.fitted
    distances = _distances(step, fitted)
    within = step.as_double(step.add("LessOrEqual", distances, np.array(float(fitted.radius))))
    far = step.add("Where", step.add("Equal", within, np.array(1.0)), distances, np.array(np.inf))
    weights = step.add("Mul", _weights(step, far), within)
    total = step.add("ReduceSum", weights, LAST, keepdims=1)
    mean = step.add("Div", step.add("MatMul", weights, _table(step)), total)
    if getattr(fitted, "outlier_label_", None) is not None:
        alone = step.add("Equal", total, np.array(0.0))
        mean = step.add("Where", alone, (fitted.classes_ == fitted.outlier_label_)[None].astype(np.float64), mean)
    step.answer(mean)


def convert_label_propagation(step: GraphStep) -> None:
    """Add up the class shares of the training rows, weighed by the kernel."""
    fitted = step.fitted
    shares = np.asarray(fitted.label_distributions_, dtype=np.float64)
    if fitted.kernel == "knn":
        indexes, _ = _nearest(step, fitted.nn_fit, fitted.n_neighbors)
        sums = step.add("ReduceSum", step.add("Gather", shares, indexes), LAST, keepdims=0)
    else:
        squared = add_distances(step, fitted.X_.astype(np.float64), "sqeuclidean")
        near = step.add("Exp", step.add("Mul", squared, np.array(-float(fitted.gamma))))
        sums = step.add("MatMul", near, shares)
    step.answer(step.add("Div", sums, step.add("ReduceSum", sums, LAST, keepdims=1)))


def _distances(step: GraphStep, neighbours: Any) -> str:
    power = (neighbours.effective_metric_params_ or {}).get("p", neighbours.p)
    return add_distances(step, np.asarray(neighbours._fit_X, dtype=np.float64), neighbours.effective_metric_, power)


def _nearest(step: GraphStep, neighbours: Any, count: int) -> tuple[str, str]:
    """Find the nearest training rows: their indexes and distances, [rows, count] each."""
    distances, indexes = step.add_pair(
        "TopK", _distances(step, neighbours), np.array([count]), axis=1, largest=0, sorted=1
    )
    return indexes, distances


def _table(step: GraphStep) -> NDArray[np.float64]:
    """The classes of the training rows as [rows, classes] shares, or their values as [rows, 1]."""
    truth = np.asarray(step.fitted._y)
    if not hasattr(step.fitted, "classes_"):
        return truth.reshape(-1, 1).astype(np.float64)
    return np.eye(len(step.fitted.classes_))[truth.ravel()]


def _weights(step: GraphStep, distances: str) -> str:
    """Weigh by `1 / distance`; where a row is at distance zero, only such rows count."""
    same = step.as_double(step.add("Equal", distances, np.array(0.0)))
    if step.fitted.weights != "distance":
        return step.add("Add", step.add("Mul", same, np.array(0.0)), np.array(1.0))
    any_same = step.add("Cast", step.add("ReduceMax", same, LAST, keepdims=1), to=TensorProto.BOOL)
    return step.add("Where", any_same, same, step.add("Reciprocal", distances))


def _weighted_mean(step: GraphStep, answers: str, weights: str) -> str:
    sums = step.add(
        "ReduceSum", step.add("Mul", answers, step.add("Unsqueeze", weights, np.array([2]))), LAST, keepdims=0
    )
    return step.add("Div", sums, step.add("ReduceSum", weights, LAST, keepdims=1))
