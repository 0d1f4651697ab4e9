"""A cold start: from the start of the process to the first answer, of the package as it was built, model from S3."""

from __future__ import annotations

import json
import time
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
        taken: dict[str, list[float]] = {name: [] for name in contenders}
        for _ in range(STARTS):
            for name, function in contenders.items():
                taken[name].append(first_answer(found, function))
    group = Group(
        "process start to first answer",
        "ms",
        (
            row("hello-world", "floor", taken["hello-world"], MILLISECONDS),
            row("Refrain, model and golden replay included", "ours", taken["Refrain"], MILLISECONDS),
        ),
        "hello-world",
        "≤ 3 × hello-world and the round trips to S3; ≤ 230 ms on a quiet machine",
    )
    return Part("cold", TITLE, (group,), notes=NOTES)


NOTES = (
    "Both are run by the interpreter without its site packages, on what `make build` made and on what the Lambda runtime brings. The file "
    "system's cache is warm. S3 is moto in a process of its own, which needs some milliseconds for each of the five objects.",
)


def first_answer(found: Stage, function: Function) -> float:
    """Seconds from the start of a process to its answer."""
    event = json.dumps(next(subjects.events(1))).encode()
    started = time.perf_counter()
    process = Process(function, found.logs / "cold.log")
    answer = process.call(event)
    taken = time.perf_counter() - started
    process.stop()
    if answer.failed or json.loads(answer.payload)["statusCode"] != 200:
        raise RuntimeError(answer.payload.decode()[:500])
    return taken
