"""100 and 1,000 instances in one request: how much of the time is spent in ONNX Runtime and in parsing JSON?"""

from __future__ import annotations

import json
import time
from contextlib import redirect_stdout
from typing import TYPE_CHECKING

from benchmarks import rivals, subjects
from benchmarks.installed import left_out, told
from benchmarks.measuring import in_turn, row
from benchmarks.prediction import Discarded, group
from benchmarks.result import Group, Part, Row
from refrain.model.onnx import open_graph

if TYPE_CHECKING:
    from collections.abc import Iterator

TITLE = "100 and 1,000 instances in one request"
GOAL = "≥ 60 % of the time inside ONNX Runtime and JSON parsing"
SECONDS = 4.0


def measure() -> Part:
    """Time requests of many instances, and the parts of them that are not ours."""
    skipped, notes = told(left_out(rivals.NEEDS)), ("Times here are processor time of the thread.",)
    return Part("instances", TITLE, tuple(_groups()), skipped=skipped, notes=notes)


def _groups() -> Iterator[Group]:
    for candidate in ("logistic", "boosting"):
        for rows in (100, 1000):
            yield group(candidate, rows, goal="", clock=time.thread_time)
            yield _shares(candidate, rows)


def _shares(candidate: str, rows: int) -> Group:
    """The graph and the parser, each as a share of the request."""
    model = subjects.version(candidate)
    graph, matrix = open_graph("alone", model.files.model), subjects.matrix(model, rows)
    ours, events = subjects.handler(model), subjects.events(rows)
    contenders = {
        "request": lambda: ours(next(events)),
        "graph": lambda: graph.run(["probabilities"], {"features": matrix}),
        "JSON": lambda: json.loads(next(events)["body"]),
    }
    with redirect_stdout(Discarded()):
        found = in_turn(contenders, SECONDS, clock=time.thread_time)
    taken = {name: row(name, "floor", values).median for name, values in found.items()}
    shares = {name: 100 * taken[name] / taken["request"] for name in ("graph", "JSON")}
    figures = {"ONNX Runtime": shares["graph"], "parsing JSON": shares["JSON"], "both": sum(shares.values())}
    return Group(
        f"{candidate}, {rows:,} instances: share of the request",
        "%",
        tuple(Row(name, "ours" if name == "both" else "floor", value, value, value) for name, value in figures.items()),
        goal=GOAL,
        more_is_better=True,
    )
