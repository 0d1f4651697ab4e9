"""Export a fitted pipeline as the graph that is served: one float32 matrix in, one out, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import onnx
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType

from refrain.errors import CandidateRefused
from refrain.training.calibration_graph import UNCALIBRATED, add_calibration
from refrain.training.converters.boosters import register_booster
from refrain.training.converters.graph_step import OPSETS
from refrain.training.converters.registration import register_converters
from refrain.training.refusal_words import explain_lost_export

if TYPE_CHECKING:
    from refrain.training.fitting import Fitted

INPUT = "features"
CONVERTER_ERRORS = (RuntimeError, ValueError, TypeError, AttributeError, LookupError, onnx.checker.ValidationError)
"""Raised by skl2onnx and onnx for a pipeline that they cannot convert; most share no base class."""


def export(fitted: Fitted, width: int) -> bytes:
    """Convert a pipeline on a matrix of `width` columns to ONNX; the same pipeline gives the same bytes.

    The graph has the input `features` float32 [rows, width] and one output, `probabilities` [rows, classes] or `value`
    [rows, 1]. Raises `CandidateRefused` with the converter's reason.
    """
    output = "value" if fitted.classes is None else "probabilities"
    options = None if fitted.classes is None else {id(fitted.estimator): {"zipmap": False}}
    register_converters()
    register_booster(type(fitted.estimator))
    try:
        model = convert_sklearn(
            fitted.pipeline,
            name="refrain",
            initial_types=[(INPUT, FloatTensorType([None, width]))],
            target_opset=OPSETS,
            options=options,
        )
        if fitted.calibration is None:
            _keep_one_output(model.graph, output)
        else:
            _keep_one_output(model.graph, UNCALIBRATED)
            add_calibration(model.graph, fitted.calibration, len(fitted.classes or ()), output)
        onnx.checker.check_model(model, full_check=True)
    except CONVERTER_ERRORS as error:
        raise CandidateRefused(explain_lost_export(error, fitted.estimator)) from error
    return bytes(model.SerializeToString(deterministic=True))


def _keep_one_output(graph: Any, name: str) -> None:
    """Keep the last output (a classifier's first is the label) under this name, and only the nodes that it needs."""
    output = graph.output[-1]
    if output.type.WhichOneof("value") != "tensor_type":
        raise ValueError(f"its output is a {output.type.WhichOneof('value')}")
    needed, nodes = {output.name}, []
    for node in reversed(graph.node):
        if needed & set(node.output):
            needed |= set(node.input)
            nodes.append(node)
    kept = [tensor for tensor in graph.initializer if tensor.name in needed]
    for node in nodes:
        node.output[:] = [name if tensor == output.name else tensor for tensor in node.output]
    output.name = name
    for field, content in ((graph.node, reversed(nodes)), (graph.initializer, kept), (graph.output, [output])):
        content = list(content)
        del field[:]
        field.extend(content)
