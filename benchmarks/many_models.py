"""Measures memory and latency of many models in one process, called in turn.

Each count of models has a process of its own, which imports only what inference imports:
`python -m benchmarks.many_models <folder> <count>` prints its figures. The lake is a folder.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import redirect_stdout
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from obstore.store import LocalStore

from benchmarks.process_memory import resident_megabytes
from refrain.aws.storage import Store
from refrain.serving.http.requests import HttpRequest
from refrain.serving.http.routes import respond
from refrain.serving.registry.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUNDS = 3
CALLS = 500
MIN_TURNS = 30


class FolderLake(Store):
    """A folder in place of a bucket."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.bucket = "lake"
        self._store: Any = LocalStore(folder)


def model_name(number: int) -> str:
    """Return the name of one of the models."""
    return f"crowd-{number}"


def measure_models(folder: Path, count: int) -> dict[str, float]:
    """Call so many models of a folder in a process of their own; return MB and microseconds."""
    command = [sys.executable, "-m", "benchmarks.many_models", str(folder), str(count)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "MALLOC_ARENA_MAX": "1"}  # as in the template
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def main(folder: Path, count: int) -> dict[str, float]:
    """Call each model once, then all in turn, then one repeatedly."""
    registry = Registry(FolderLake(folder / "lake"), refresh_seconds=3600)
    event = json.loads((folder / "event.json").read_text(encoding="utf-8"))
    events = cycle([event | {"path": f"/v1/models/{model_name(number)}:predict"} for number in range(count)])
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        _taken(registry, islice(events, count))
        once = resident_megabytes(os.getpid())
        turns = _taken(registry, islice(events, max(ROUNDS * count, MIN_TURNS)))
        rounds = resident_megabytes(os.getpid())
        same = _taken(registry, islice(cycle([next(events)]), CALLS))
    return {"once": once, "rounds": rounds, "in turn": median(turns) * 1e6, "the same": median(same) * 1e6}


def _taken(registry: Registry, events: Iterator[dict[str, Any]]) -> list[float]:
    taken = []
    for event in events:
        started = time.perf_counter()
        answer = respond(HttpRequest.of(event), registry)
        taken.append(time.perf_counter() - started)
        if answer.status != 200:
            raise RuntimeError(answer.body)
    return taken


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]))))
