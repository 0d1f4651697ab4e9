"""Adds a calibration to an exported graph: from its probabilities to the corrected ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import helper, numpy_helper

from refrain.statistics.calibration import MIN_PROBABILITY, Calibration

if TYPE_CHECKING:
    from refrain.training.isotonic import IsotonicCalibration

UNCALIBRATED = "uncalibrated"
"""The name of the graph's own probabilities."""


def add_calibration(graph: Any, calibration: Calibration | IsotonicCalibration, classes: int, output: str) -> None:
    """Add nodes that correct the output `UNCALIBRATED` and put it out by another name."""
    nodes = _Nodes(graph)
    answers = nodes.add("Gather", UNCALIBRATED, nodes.hold([1], np.int64), axis=1) if classes == 2 else UNCALIBRATED
    if isinstance(calibration, Calibration):
        likely = _logistic_line(nodes, answers, calibration)
    else:
        likely = _rising_lines(nodes, answers, calibration)
    if classes == 2:
        nodes.add("Concat", nodes.add("Sub", nodes.hold(1.0), likely), likely, axis=1, output=output)
    else:
        total = nodes.add("ReduceSum", likely, nodes.hold([1], np.int64), keepdims=1)
        nodes.add("Div", likely, total, output=output)
    graph.output[0].name = output


class _Nodes:
    """Adds nodes and constants to a graph, each under a name of its own."""

    def __init__(self, graph: Any) -> None:
        self._graph = graph

    def add(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Add a node, and return the name of its output."""
        name = output or f"calibration_{len(self._graph.node)}"
        self._graph.node.append(helper.make_node(kind, inputs, [name], name=f"{kind}_{name}", **attributes))
        return name

    def hold(self, values: Any, kind: Any = np.float32) -> str:
        """Add a constant, and return its name."""
        name = f"calibration_constant_{len(self._graph.initializer)}"
        self._graph.initializer.append(numpy_helper.from_array(np.asarray(values, kind), name))
        return name


def _logistic_line(nodes: _Nodes, answers: str, calibration: Calibration) -> str:
    within = nodes.add("Clip", answers, nodes.hold(MIN_PROBABILITY), nodes.hold(1 - MIN_PROBABILITY))
    rest = nodes.add("Sub", nodes.hold(1.0), within)
    odds = nodes.add("Sub", nodes.add("Log", within), nodes.add("Log", rest))
    scaled = nodes.add("Mul", odds, nodes.hold(calibration.lines[:, 1]))
    return nodes.add("Sigmoid", nodes.add("Add", scaled, nodes.hold(calibration.lines[:, 0])))


def _rising_lines(nodes: _Nodes, answers: str, calibration: IsotonicCalibration) -> str:
    """Add up, piece by piece, how far each line has risen."""
    columns = []
    for number, (x, y) in enumerate(calibration.lines):
        column = nodes.add("Gather", answers, nodes.hold([number], np.int64), axis=1)
        beyond = nodes.add("Max", nodes.add("Sub", column, nodes.hold(x[:-1])), nodes.hold(0.0))
        covered = nodes.add("Min", beyond, nodes.hold(np.diff(x)))
        risen = nodes.add("MatMul", covered, nodes.hold((np.diff(y) / np.diff(x))[:, np.newaxis]))
        columns.append(nodes.add("Add", risen, nodes.hold(y[0])))
    return columns[0] if len(columns) == 1 else nodes.add("Concat", *columns, axis=1)
