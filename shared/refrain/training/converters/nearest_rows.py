"""Estimators that answer by training rows nearby: neighbours in number or in a radius, and propagated labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto

from refrain.training.converters.distances import SAME, add_distances, check_metric, kept_answers, kept_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from refrain.training.converters.graph_step import GraphStep

LAST = np.array([1])
"""The axis of the training rows."""


def convert_tied_neighbours(step: GraphStep) -> None:
    """Take the mean of the nearest rows; those at the distance of the last one share what is left of the count."""
    fitted = step.fitted
    distances = add_distances(step, kept_rows(fitted), *check_metric(fitted))
    wanted = np.array([fitted.n_neighbors])
    nearest, _ = step.add_pair("TopK", distances, wanted, axis=1, largest=0, sorted=1)
    last = step.add("ReduceMax", nearest, LAST, keepdims=1)
    nearer = step.as_double(step.add("Less", distances, step.add("Mul", last, np.array(1 - SAME))))
    within = step.as_double(step.add("LessOrEqual", distances, step.add("Mul", last, np.array(1 + SAME))))
    tied = step.add("Sub", within, nearer)
    left = step.add("Sub", wanted.astype(np.float64), step.add("ReduceSum", nearer, LAST, keepdims=1))
    share = step.add("Div", left, step.add("ReduceSum", tied, LAST, keepdims=1))
    counted = step.add("Add", nearer, step.add("Mul", tied, share))
    weights = step.add("Mul", counted, _weights(step, distances, fitted))
    total = step.add("ReduceSum", weights, LAST, keepdims=1)
    step.answer(step.add("Div", step.add("MatMul", weights, kept_answers(fitted)), total))


def convert_radius_neighbours(step: GraphStep) -> None:
    """Take the mean of all rows within the radius; a row without any has no answer, or that of `outlier_label`."""
    fitted = step.fitted
    distances = add_distances(step, kept_rows(fitted), *check_metric(fitted))
    within = step.as_double(step.add("LessOrEqual", distances, np.array(float(fitted.radius))))
    far = step.add("Where", step.add("Equal", within, np.array(1.0)), distances, np.array(np.inf))
    weights = step.add("Mul", _weights(step, far, fitted), within)
    total = step.add("ReduceSum", weights, LAST, keepdims=1)
    mean = step.add("Div", step.add("MatMul", weights, kept_answers(fitted)), total)
    if getattr(fitted, "outlier_label_", None) is not None:
        alone = step.add("Equal", total, np.array(0.0))
        mean = step.add("Where", alone, (fitted.classes_ == fitted.outlier_label_)[None].astype(np.float64), mean)
    step.answer(mean)


def convert_label_propagation(step: GraphStep) -> None:
    """Add up the class shares of the training rows, weighed by the kernel."""
    fitted = step.fitted
    shares = np.asarray(fitted.label_distributions_, dtype=np.float64)
    if fitted.kernel == "knn":
        distances = add_distances(step, kept_rows(fitted.nn_fit), *check_metric(fitted.nn_fit))
        wanted = np.array([fitted.n_neighbors])
        _, indexes = step.add_pair("TopK", distances, wanted, axis=1, largest=0, sorted=1)
        sums = step.add("ReduceSum", step.add("Gather", shares, indexes), LAST, keepdims=0)
    else:
        squared = add_distances(step, fitted.X_.astype(np.float64), "sqeuclidean")
        near = step.add("Exp", step.add("Mul", squared, np.array(-float(fitted.gamma))))
        sums = step.add("MatMul", near, shares)
    step.answer(step.add("Div", sums, step.add("ReduceSum", sums, LAST, keepdims=1)))


def _weights(step: GraphStep, distances: str, neighbours: Any) -> str | NDArray[np.float64]:
    """Weigh by `1 / distance`; where a row is at distance zero, only such rows count."""
    if neighbours.weights != "distance":
        return np.array(1.0)
    same = step.as_double(step.add("Equal", distances, np.array(0.0)))
    any_same = step.add("Cast", step.add("ReduceMax", same, LAST, keepdims=1), to=TensorProto.BOOL)
    return step.add("Where", any_same, same, step.add("Reciprocal", distances))
