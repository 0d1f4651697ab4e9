"""The medians of the stages of a request inside the handler."""

from __future__ import annotations

import time
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks import income_model
from benchmarks.prediction import DiscardedOutput
from benchmarks.result import Group, Part
from benchmarks.timing import MICROSECONDS, in_turn, summarise
from refrain.model.familiarity import Familiarity
from refrain.model.tabular import TabularModel
from refrain.serving import answered_rows, capturing
from refrain.serving.http import routes, v1
from refrain.serving.http.requests import HttpRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TITLE = "Where each microsecond of a request goes"
CALLS = 5000
LONG_REQUEST = 1000
FAMILIARITY_SECONDS = 4.0

STAGES: tuple[tuple[str, Any, str], ...] = (
    ("find the route", routes, "_find_endpoint"),
    ("parse the body", HttpRequest, "document"),
    ("check its shape", v1, "_objects"),
    ("check its columns", v1, "_check_inputs"),
    ("take its columns", v1, "rows_to_lists"),
    ("read and clean the values", TabularModel, "prepare_lists"),
    ("encode", TabularModel, "encode"),
    ("run the graph", TabularModel, "score"),
    ("look for the unfamiliar", Familiarity, "unfamiliar"),
    ("name the predictions", answered_rows, "prediction_ids"),
    ("write the predictions", v1, "_write"),
    ("encode the answer", routes, "_success"),
    ("capture", capturing, "_capture"),
)


def measure() -> Part:
    """Time the stages of requests of one instance, 14 columns, logistic regression."""
    answer, events = income_model.make_handler(income_model.train_version("logistic")), income_model.predict_events(1)
    with redirect_stdout(DiscardedOutput()), timed_stages() as taken:
        for _ in range(CALLS):
            started = time.perf_counter()
            answer(next(events))
            taken["altogether, with what times it"].append(time.perf_counter() - started)
    rows = tuple(summarise(name, "ours", seconds, MICROSECONDS) for name, seconds in taken.items())
    return Part("request", TITLE, (Group("one instance, logistic regression", "µs", rows), measure_familiarity()))


def measure_familiarity() -> Group:
    """Time the look for the unfamiliar, alone: for a request of one row, and for each row of a long one."""
    version = income_model.train_version("logistic")
    files = version.files
    familiar = TabularModel.load(files.manifest, files.model, files.baseline, files.familiar).familiar
    values = replace(familiar, combinations=None)
    matrices = {rows: income_model.feature_matrix(version, rows) for rows in (1, LONG_REQUEST)}
    taken = in_turn(
        {
            f"{what}, {'one row' if rows == 1 else f'each of {rows:,} rows'}": partial(look.unfamiliar, matrix)
            for what, look in (("values", values), ("values and combinations", familiar))
            for rows, matrix in matrices.items()
        },
        FAMILIARITY_SECONDS,
    )
    rows = tuple(
        summarise(name, "ours", seconds, MICROSECONDS / (LONG_REQUEST if "each" in name else 1))
        for name, seconds in taken.items()
    )
    return Group("familiarity, 14 columns", "µs", rows, goal="≤ 10 µs for one row")


@contextmanager
def timed_stages() -> Iterator[dict[str, list[float]]]:
    """Record the time of every stage while the block runs."""
    taken: dict[str, list[float]] = {name: [] for name, _, _ in STAGES}
    taken["altogether, with what times it"] = []
    originals = [(holder, name, getattr(holder, name)) for _, holder, name in STAGES]
    for title, holder, name in STAGES:
        setattr(holder, name, _timing(getattr(holder, name), taken[title]))
    try:
        yield taken
    finally:
        for holder, name, original in originals:
            setattr(holder, name, original)


def _timing(function: Callable[..., Any], taken: list[float]) -> Callable[..., Any]:
    def call(*arguments: Any, **named: Any) -> Any:
        started = time.perf_counter()
        result = function(*arguments, **named)
        taken.append(time.perf_counter() - started)
        return result

    return call
