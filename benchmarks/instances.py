"""100 and 1,000 instances in one request, and the shares of ONNX Runtime and JSON parsing in the time."""

from __future__ import annotations

import json
import time
from contextlib import redirect_stdout
from typing import TYPE_CHECKING

from benchmarks import income_model, peer_handlers
from benchmarks.installed import find_missing, missing_sentences
from benchmarks.prediction import DiscardedOutput, measure_group
from benchmarks.result import Group, Part, Row
from benchmarks.timing import in_turn, summarise
from refrain.model.onnx import open_graph

if TYPE_CHECKING:
    from collections.abc import Iterator

TITLE = "100 and 1,000 instances in one request"
GOAL = "≥ 60 % of the time inside ONNX Runtime and JSON parsing"
SECONDS = 4.0


def measure() -> Part:
    """Time requests of many instances, and their parts outside our code."""
    skipped, notes = (
        missing_sentences(find_missing(peer_handlers.REQUIRED_MODULES)),
        ("Times here are processor time of the thread.",),
    )
    return Part("instances", TITLE, tuple(_groups()), skipped=skipped, notes=notes)


def _groups() -> Iterator[Group]:
    for candidate in ("logistic", "boosting"):
        for rows in (100, 1000):
            yield measure_group(candidate, rows, goal="", clock=time.thread_time)
            yield _shares(candidate, rows)


def _shares(candidate: str, rows: int) -> Group:
    """Measure the graph and the parser as shares of the request."""
    model = income_model.train_version(candidate)
    graph, matrix = open_graph("alone", model.files.model), income_model.feature_matrix(model, rows)
    ours, events = income_model.make_handler(model), income_model.predict_events(rows)
    contenders = {
        "request": lambda: ours(next(events)),
        "graph": lambda: graph.run(["probabilities"], {"features": matrix}),
        "JSON": lambda: json.loads(next(events)["body"]),
    }
    with redirect_stdout(DiscardedOutput()):
        seconds = in_turn(contenders, SECONDS, clock=time.thread_time)
    taken = {name: summarise(name, "floor", values).median for name, values in seconds.items()}
    shares = {name: 100 * taken[name] / taken["request"] for name in ("graph", "JSON")}
    figures = {"ONNX Runtime": shares["graph"], "parsing JSON": shares["JSON"], "both": sum(shares.values())}
    return Group(
        f"{candidate}, {rows:,} instances: share of the request",
        "%",
        tuple(Row(name, "ours" if name == "both" else "floor", value, value, value) for name, value in figures.items()),
        goal=GOAL,
        more_is_better=True,
    )
