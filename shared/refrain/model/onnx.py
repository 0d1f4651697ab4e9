"""Load ONNX graphs for a function with one processor, and name the errors that ONNX Runtime raises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as runtime_errors

from refrain.errors import BrokenVersion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RUNTIME_ERRORS = (
    runtime_errors.EPFail,
    runtime_errors.EngineError,
    runtime_errors.Fail,
    runtime_errors.InvalidArgument,
    runtime_errors.InvalidGraph,
    runtime_errors.InvalidProtobuf,
    runtime_errors.NoModel,
    runtime_errors.NotImplemented,
    runtime_errors.RuntimeException,
    RuntimeError,
    ValueError,
)
"""Everything that ONNX Runtime raises; its own errors share no base class but Exception."""


def open_graph(version: str, model: bytes) -> Any:
    """Load a graph, for one thread.

    A function has one processor, and threads that spin while they wait would take it from the one that works.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except RUNTIME_ERRORS as error:
        raise BrokenVersion(version, f"its graph cannot be loaded ({type(error).__name__}: {error})") from error


def run_graph(version: str, graph: Any, outputs: Sequence[str], inputs: Mapping[str, Any]) -> Any:
    """Run a graph. Raises `BrokenVersion`."""
    try:
        return graph.run(outputs, inputs)
    except RUNTIME_ERRORS as error:
        raise BrokenVersion(version, f"its graph fails ({type(error).__name__}: {error})") from error


def check_signature(version: str, graph: Any, inputs: Sequence[str], outputs: Sequence[str]) -> None:
    """Refuse a graph with other inputs or outputs than these."""
    names = [[tensor.name for tensor in side] for side in (graph.get_inputs(), graph.get_outputs())]
    if names != [list(inputs), list(outputs)]:
        raise BrokenVersion(version, f"its graph goes from {names[0]} to {names[1]}")
