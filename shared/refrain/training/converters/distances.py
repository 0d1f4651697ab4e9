"""Distances from the asked rows to the training rows that a step keeps.

Differences are taken column by column, not by `x² - 2xy + y²`: a row that equals a training row is at distance zero,
on which weights by distance depend. One row is compared at a time, so memory does not grow with rows times columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import numpy_helper
from onnx.parser import parse_graph

from refrain.training.converters.graph_step import NoGraph

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from refrain.training.converters.graph_step import GraphStep

BODY = """
distances (double[{width}] row) => (double[{rows}] distance) {{
    difference = Sub(trained, row)
    {measured}
}}
"""
"""What Scan does with each row."""

SUM_OF_POWERS = """
    size = Abs(difference)
    powered = Pow(size, power)
    sum = ReduceSum<keepdims=0>(powered, columns)
    distance = Pow(sum, root)
"""
SQUARED = """
    square = Mul(difference, difference)
    distance = ReduceSum<keepdims=0>(square, columns)
"""
EUCLIDEAN = """
    square = Mul(difference, difference)
    sum = ReduceSum<keepdims=0>(square, columns)
    distance = Sqrt(sum)
"""
MANHATTAN = """
    size = Abs(difference)
    distance = ReduceSum<keepdims=0>(size, columns)
"""
CHEBYSHEV = """
    size = Abs(difference)
    distance = ReduceMax<keepdims=0>(size, columns)
"""
MEASURES = {
    "sqeuclidean": SQUARED,
    "euclidean": EUCLIDEAN,
    "manhattan": MANHATTAN,
    "chebyshev": CHEBYSHEV,
    "minkowski": SUM_OF_POWERS,
}
"""The metrics of scikit-learn that can be exported."""


SYNONYMS = {"l1": "manhattan", "cityblock": "manhattan", "l2": "euclidean", "infinity": "chebyshev"}


SAME = 1e-9
"""Distances that differ by this share are equal: sums of the same numbers are rounded in their order."""


def kept_rows(neighbours: Any) -> NDArray[np.float64]:
    """Return the features of the training rows that fitted neighbours keep."""
    return np.asarray(neighbours._fit_X, dtype=np.float64)


def kept_answers(neighbours: Any) -> NDArray[np.float64]:
    """Return the classes of the training rows as shares [rows, classes], or their values [rows, 1]."""
    truth = np.ravel(neighbours._y)
    if hasattr(neighbours, "classes_"):
        return np.eye(len(neighbours.classes_))[truth]
    return truth.reshape(-1, 1).astype(np.float64)


def check_metric(neighbours: Any) -> tuple[str, float]:
    """Return the metric of fitted neighbours with its power. Raises `NoGraph` for one that cannot be exported."""
    power = float((neighbours.effective_metric_params_ or {}).get("p", neighbours.p))
    metric = SYNONYMS.get(neighbours.effective_metric_, neighbours.effective_metric_)
    if metric == "minkowski":
        metric = {1.0: "manhattan", 2.0: "euclidean", np.inf: "chebyshev"}.get(power, metric)
    if metric not in MEASURES or getattr(neighbours, "weights", "uniform") not in ("uniform", "distance"):
        raise NoGraph(f"its metric must be one of {', '.join(sorted(MEASURES | SYNONYMS))}")
    return metric, power


def add_distances(step: GraphStep, trained: NDArray[np.float64], metric: str, power: float = 2.0) -> str:
    """Add the distances [rows, trained rows] by a metric."""
    rows, width = trained.shape
    body = parse_graph(BODY.format(rows=rows, width=width, measured=MEASURES[metric]))
    constants = {"trained": trained, "columns": np.array([1]), "power": np.array(power), "root": np.array(1 / power)}
    used = {name for node in body.node for name in node.input}
    body.initializer.extend(numpy_helper.from_array(values, name) for name, values in constants.items() if name in used)
    return step.add("Scan", step.precise_features(), body=body, num_scan_inputs=1)
