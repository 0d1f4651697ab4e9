"""ONNX graphs, loaded as a function runs them; and all that ONNX Runtime raises."""

from __future__ import annotations

from typing import Any

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as runtime_errors

from refrain.errors import BrokenVersion

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
"""What ONNX Runtime raises; its own errors have no base but Exception."""


def session(version: str, model: bytes) -> Any:
    """Load a graph, for one thread.

    A function has one processor, and waiting threads that spin would take it from the running one.
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
