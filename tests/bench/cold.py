"""A cold start: from the start of the process to the first answer, of the package as it was built, model from S3."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

from local.processes import Process
from tests.bench import subjects
from tests.bench.built import stage
from tests.bench.measuring import MILLISECONDS, row
from tests.bench.result import Group, Part

if TYPE_CHECKING:
    from local.processes import Function
    from tests.bench.built import Stage

TITLE = "Cold start"
STARTS = 15


def measure() -> Part:
    """Start each process in turn, ask it once, end it."""
    with stage() as found:
        contenders = {"hello-world": found.hello, "Refrain": found.inference}
        starts: dict[str, list[tuple[float, float]]] = {name: [] for name in contenders}
        for _ in range(STARTS):
            for name, function in contenders.items():
                starts[name].append(first_answer(found, function))
    clock, processor = ({name: [each[at] for each in taken] for name, taken in starts.items()} for at in (0, 1))
    goal = "≤ 3 × hello-world and the round trips to S3; ≤ 230 ms on a quiet machine"
    groups = (_group("process start to first answer", clock, goal), _group("processor time of it", processor, ""))
    return Part("cold", TITLE, groups, notes=NOTES)


def _group(title: str, taken: dict[str, list[float]], goal: str) -> Group:
    rows = (
        row("hello-world", "floor", taken["hello-world"], MILLISECONDS),
        row("Refrain, model and golden replay included", "ours", taken["Refrain"], MILLISECONDS),
    )
    return Group(title, "ms", rows, "hello-world", goal)


NOTES = (
    "Both are run by the interpreter without its site packages, on what `make build` made and what the Lambda runtime "
    "brings. The file system's cache is warm. S3 is moto in a process of its own, which needs some milliseconds for "
    "each object: the deployment, then four at once. Processor time is that of the process alone, which a busy machine "
    "lengthens less than the time on the clock.",
)


def first_answer(found: Stage, function: Function) -> tuple[float, float]:
    """Seconds from the start of a process to its answer, and those of them that its threads ran."""
    event = json.dumps(next(subjects.events(1))).encode()
    started = time.perf_counter()
    process = Process(function, found.logs / "cold.log")
    answer = process.call(event)
    taken = time.perf_counter() - started
    ran = sum(int(each.read_text().split()[0]) for each in Path(f"/proc/{process.pid}/task").glob("*/schedstat")) / 1e9
    process.stop()
    if answer.failed or json.loads(answer.payload)["statusCode"] != 200:
        raise RuntimeError(answer.payload.decode()[:500])
    return taken, ran
