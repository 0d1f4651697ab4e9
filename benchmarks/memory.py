"""The peak memory of a warm inference process."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import income_model
from benchmarks.built_functions import built_functions
from benchmarks.pandas_function import TITLE as USUAL
from benchmarks.pandas_function import pandas_functions
from benchmarks.peer_servers import prepare_servers
from benchmarks.result import Group, Part
from benchmarks.server_process import Server
from benchmarks.timing import summarise
from local.processes import FunctionProcess

if TYPE_CHECKING:
    from benchmarks.server_process import Peer, ServerFolders
    from local.processes import Function

TITLE = "Peak memory of a warm inference process"
CALLS = 300
STARTS = 3
FLOOR = "onnxruntime and numpy imported"
NOTES = (
    f"One client calls each {CALLS} times. A server's memory is the sum of the peaks of all its processes, as its own "
    "command starts them (MLflow and BentoML start two), so shared pages count twice.",
)


def measure() -> Part:
    """Start processes, call them, and read their peak memory."""
    with built_functions() as functions:
        usual, none = pandas_functions(functions)
        servers, skipped = prepare_servers()
        floors = [_import_packages(functions.inference) for _ in range(STARTS)]
        hello = [_call_function(functions.hello, functions.logs) for _ in range(STARTS)]
        ours = [_call_function(functions.inference, functions.logs) for _ in range(STARTS)]
        peers = {
            name: [_call_function(usual[name], functions.logs) for _ in range(STARTS)]
            for name in (USUAL,)
            if name in usual
        }
        peers |= {peer.title: [_call_server(peer, folders) for _ in range(STARTS)] for peer, folders in servers}
    rows = (
        summarise(FLOOR, "floor", floors),
        summarise("hello-world", "floor", hello),
        summarise(f"Refrain, one model, {CALLS} requests", "ours", ours),
        *(summarise(name, "peer", peaks) for name, peaks in peers.items()),
    )
    group = Group("resident memory at its peak", "MB", rows, FLOOR, "≤ 80 MB with one small model")
    return Part("memory", TITLE, (group,), skipped=none + skipped, notes=NOTES)


def _call_server(peer: Peer, folders: ServerFolders) -> float:
    server = Server(peer, folders)
    for _ in range(CALLS):
        server.call()
    peak = server.peak()
    server.stop()
    return peak


def _call_function(function: Function, logs: Path) -> float:
    events = income_model.predict_events(1)
    process = FunctionProcess(function, logs / "memory.log", logs / "tmp")
    for _ in range(CALLS):
        process.call(json.dumps(next(events)).encode())
    peak = _peak(Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8"))
    process.stop()
    return peak


def _import_packages(function: Function) -> float:
    code = "import numpy, onnxruntime; print(open('/proc/self/status').read())"
    path = ":".join(map(str, function.path))
    done = subprocess.run(
        [*function.python, "-c", code], env={"PYTHONPATH": path}, capture_output=True, text=True, check=True
    )
    return _peak(done.stdout)


def _peak(status: str) -> float:
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024
