"""What a monitoring report takes by the number of predictions: memory, processor time, and the bytes of the next one.

The predictions are made in one process and reported on in another, which imports and holds nothing else:
`python -m benchmarks.monitoring <folder> <rows>` fills a folder, or without rows prints the figures of its report.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import redirect_stdout
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.many_models import FolderLake
from benchmarks.prediction import DiscardedOutput
from benchmarks.result import Line, Part
from tests.unit.monitoring.conftest import DOCUMENT, customers
from tests.unit.monitoring.test_monitoring_memory import HOURS, capture_a_day
from tests.unit.monitoring.world import BEGINNING, World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refrain.aws.storage import Object

TITLE = "A monitoring report"
ROWS = (10_000, 100_000, 1_000_000)
NOTE = (
    "One model of three features. All predictions of a day wait for the report, and each has a label. An hourly report "
    "reads an hour of them."
)


class CountingLake(FolderLake):
    """A folder in place of a bucket that counts the bytes that are read. Nobody else moves its pointers."""

    read_bytes = 0

    def read(self, key: str) -> Object:
        """Read an object."""
        content = super().read(key)
        self.read_bytes += len(content.data)
        return content

    def read_start(self, key: str, size: int) -> bytes:
        """Read the start of an object."""
        data = super().read_start(key, size)
        self.read_bytes += len(data)
        return data

    def read_chunks(self, key: str) -> Iterator[bytes]:
        """Read an object chunk by chunk."""
        for chunk in super().read_chunks(key):
            self.read_bytes += len(chunk)
            yield chunk

    def replace(self, key: str, data: bytes, etag: str) -> None:
        """Replace an object."""
        self.write(key, data)


def measure() -> Part:
    """Report on ever more predictions."""
    results = []
    for rows in ROWS:
        with TemporaryDirectory(prefix="refrain-monitoring-") as folder:
            _call(folder, str(rows))
            results.append(json.loads(_call(folder)))
    x = tuple(map(float, ROWS))
    memory, seconds, read = (tuple(result[name] for result in results) for name in ("memory", "seconds", "read"))
    each = seconds[-1] / ROWS[-1] * 1e6
    lines = (
        Line(
            "Predictions of a report: memory",
            "predictions",
            "MB at its peak",
            x,
            {"what the report adds to its imports": memory},
            "Memory holds one file, a piece of its rows, and samples of hours. It does not grow with the predictions.",
            plain=True,
        ),
        Line(
            "Predictions of a report: time",
            "predictions",
            "s of a processor",
            x,
            {"the report that reads them": seconds},
            f"Each prediction is read once, with its label: {each:.0f} µs.",
        ),
        Line(
            "Predictions of a report: the next one",
            "predictions",
            "MB read",
            x,
            {"the next report, without new predictions": read},
            "It reads counts and samples, and no captured line.",
            plain=True,
        ),
    )
    return Part("monitoring", TITLE, (), lines, notes=(NOTE,))


def _call(*arguments: str) -> str:
    command = [sys.executable, "-m", "benchmarks.monitoring", *arguments]
    names = {"REFRAIN_METRIC_NAMESPACE": "bench", "REFRAIN_EVENT_SOURCE": "bench"}
    environment = {**os.environ, **names, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return done.stdout


def _fill(world: World, rows: int) -> None:
    people, answers, _ = customers(500, seed=1)
    capture_a_day(world, world.serve(people, answers), rows)


def _report(world: World, lake: CountingLake) -> dict[str, float]:
    """Make a report, and the next one an hour later."""
    began = BEGINNING + timedelta(hours=HOURS + 2, minutes=20)
    before, started = _peak(), time.process_time()
    report = world.monitor(began)
    figures = {"memory": _peak() - before, "seconds": time.process_time() - started}
    assert report.window, "the report judged the window"
    lake.read_bytes = 0
    world.monitor(began + timedelta(hours=1))
    return figures | {"rows": report.window.rows, "read": lake.read_bytes / 1e6}


def _peak() -> float:
    """Return the greatest resident memory so far, in MB."""
    status = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


def main(folder: str, rows: str = "") -> None:
    """Fill a folder, or report on what is in it."""
    lake = CountingLake(Path(folder))
    world = World.of(lake, "shop", DOCUMENT)
    if rows:
        _fill(world, int(rows))
        return
    with redirect_stdout(DiscardedOutput()):
        figures = _report(world, lake)
    print(json.dumps(figures))


if __name__ == "__main__":
    main(*sys.argv[1:])
