"""Load a version in a fresh process, as inference does, to see what it takes before it is in service.

A graph of trees takes twelve times its file, a matrix hardly more than its own, so no factor would do. If the version
needs more memory than this function has left, the fresh process is ended instead of this one.

    python -m refrain.evaluation.loading_process < files > footprint
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from refrain.errors import BrokenVersion
from refrain.lake.footprint import Footprint
from refrain.lake.version import Baseline, CatalogueItems, Golden, Manifest, VersionFiles
from refrain.model.loading import load_model
from refrain.model.onnx import open_graph
from refrain.process_memory import function_bytes, peak_resident, resident
from refrain.words import memory_size

if TYPE_CHECKING:
    from typing import IO

RESERVED_BYTES = 100_000_000
"""Left to this process while the other one grows."""

PAUSE_SECONDS = 0.01
"""Between two looks at the fresh process."""

MODULE = "refrain.evaluation.loading_process"
KILLED = -9

IDENTITY = (
    b'\x08\x08:+\n\x10\n\x01x\x12\x01y"\x08Identity\x12\x01gZ\t\n\x01x\x12\x04\n\x02\x08\x01b\t\n\x01y\x12\x04\n\x02\x08\x01'
    b"B\x04\n\x00\x10\x12"
)
"""The smallest graph, y = x. The first graph of a process brings 9 MB into memory that are no part of a version."""


class OutOfMemory(BrokenVersion):
    """A version that needs more memory than evaluation has left; `footprint` is the least that it takes."""

    def __init__(self, version: str, max_bytes: int) -> None:
        self.footprint = Footprint(max_bytes, max_bytes, 0.0)
        super().__init__(version, f"to load it takes more than {memory_size(max_bytes)}: give evaluation more memory")


def measure_loading(files: VersionFiles) -> Footprint:
    """Measure what the version takes. Raises `OutOfMemory`, and `BrokenVersion` where the fresh process fails."""
    version, max_bytes = files.manifest.version, function_bytes() - resident() - RESERVED_BYTES
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "OPENBLAS_NUM_THREADS": "1"}
    with subprocess.Popen(  # noqa: S603 (no part of the command comes from outside)
        [sys.executable, "-m", MODULE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as process:
        with suppress(BrokenPipeError):
            _send(files, cast("IO[bytes]", process.stdin))
        _watch(process, max_bytes)
        answer = cast("IO[bytes]", process.stdout).read()
    if process.returncode == KILLED:
        raise OutOfMemory(version, int(min(max_bytes, function_bytes())))
    if process.returncode:
        raise BrokenVersion(version, f"the process that loads it ends with {process.returncode}")
    return Footprint.from_json(json.loads(answer))


def _send(files: VersionFiles, stream: IO[bytes]) -> None:
    """Send the documents in one line, then what is familiar, in as many bytes as the line says, then the graph."""
    parts = (files.manifest, files.baseline, files.golden, files.catalogue)
    familiar = files.familiar or b""
    with stream:
        line = [part and part.to_json() for part in parts]
        stream.write(json.dumps([*line, len(familiar)]).encode() + b"\n")
        stream.write(familiar)
        stream.write(files.model)


def _watch(process: subprocess.Popen[bytes], max_bytes: float) -> None:
    """Wait for the end of a process, which comes at once when it holds too much."""
    while process.poll() is None:
        if resident(process.pid) > max_bytes:
            process.kill()
        with suppress(subprocess.TimeoutExpired):
            process.wait(PAUSE_SECONDS)


def main() -> None:
    """Read a version, load and prove it, and write its footprint."""
    open_graph("identity", IDENTITY)
    held, started = resident(), time.process_time()
    manifest, baseline, golden, catalogue, familiar_bytes = json.loads(sys.stdin.buffer.readline())
    familiar = sys.stdin.buffer.read(familiar_bytes)
    files = VersionFiles(
        Manifest.from_json(manifest),
        sys.stdin.buffer.read(),
        Baseline.from_json(baseline),
        Golden.from_json(golden),
        catalogue and CatalogueItems.from_json(catalogue),
        familiar=familiar or None,
    )
    loaded = load_model(files)
    loaded.replay(files.golden)
    del files
    seconds = round(time.process_time() - started, 3)
    grown = max(resident() - held, 0)
    footprint = Footprint(grown, max(peak_resident() - held, grown), seconds)
    sys.stdout.write(json.dumps(footprint.to_json()))


if __name__ == "__main__":
    main()
