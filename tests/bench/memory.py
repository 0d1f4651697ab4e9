"""The greatest memory that a warm inference process ever held."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from local.processes import Process
from tests.bench import subjects
from tests.bench.built import stage
from tests.bench.measuring import row
from tests.bench.result import Group, Part

if TYPE_CHECKING:
    from local.processes import Function

TITLE = "Peak memory of a warm inference process"
CALLS = 300
STARTS = 3


def measure() -> Part:
    """Start processes, ask them, and read what the system says of them."""
    with stage() as found:
        floors = [_imported(found.inference) for _ in range(STARTS)]
        hello = [_asked(found.hello, found.logs) for _ in range(STARTS)]
        ours = [_asked(found.inference, found.logs) for _ in range(STARTS)]
    rows = (
        row("onnxruntime and numpy imported", "floor", floors),
        row("hello-world", "floor", hello),
        row(f"Refrain, one model, {CALLS} requests", "ours", ours),
    )
    group = Group(
        "resident memory at its peak", "MB", rows, "onnxruntime and numpy imported", "≤ 80 MB with one small model"
    )
    return Part("memory", TITLE, (group,))


def _asked(function: Function, logs: Path) -> float:
    events = subjects.events(1)
    process = Process(function, logs / "memory.log")
    for _ in range(CALLS):
        process.call(json.dumps(next(events)).encode())
    peak = _peak(Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8"))
    process.stop()
    return peak


def _imported(function: Function) -> float:
    code = "import numpy, onnxruntime; print(open('/proc/self/status').read())"
    path = ":".join(map(str, function.path))
    done = subprocess.run(
        [*function.python, "-c", code], env={"PYTHONPATH": path}, capture_output=True, text=True, check=True
    )
    return _peak(done.stdout)


def _peak(status: str) -> float:
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024
