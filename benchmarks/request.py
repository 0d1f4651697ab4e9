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
from preprocessing import rows_to_lists
from refrain.model.familiarity import Familiarity
from refrain.model.tabular import TabularModel
from refrain.serving import answered_rows, capturing
from refrain.serving.http import routes, v1
from refrain.serving.http.requests import HttpRequest
from refrain.serving.prediction import predict
from refrain.serving.registry.error_bounds import ErrorBounds
from refrain.serving.uncertainty import add_bounds, write_uncertainty
from tests.unit.serving import tiny

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TITLE = "Where each microsecond of a request goes"
CALLS = 5000
LONG_REQUEST = 1000
FAMILIARITY_SECONDS = UNCERTAINTY_SECONDS = 4.0
COVERAGE = 0.9
MANY_LABELS = 20

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
    stages = Group("one instance, logistic regression", "µs", rows)
    return Part("request", TITLE, (stages, measure_familiarity(), measure_uncertainty()))


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


def measure_uncertainty() -> Group:
    """Time how sure an answer is, alone, and a request with and without it, by the time of the processor."""
    answer = income_model.make_handler(income_model.train_version("logistic"))
    plain, unsure = income_model.predict_events(1), income_model.predict_events(1, uncertainty=True)
    contenders: dict[str, Callable[[], object]] = {
        "request of one instance": lambda: answer(next(plain)),
        "the same, with the set of labels": lambda: answer(next(unsure)),
        "interval of a value, alone": _telling(tiny.flats(), {"area": 100, "rooms": 4}),
        "set of two labels, alone": _telling(tiny.people(), tiny.ADA),
        f"set of {MANY_LABELS} labels, alone": _telling(_many_labels(), {"area": 100}),
    }
    with redirect_stdout(DiscardedOutput()):
        taken = in_turn(contenders, UNCERTAINTY_SECONDS, clock=time.process_time)
    rows = tuple(summarise(name, "ours", seconds, MICROSECONDS) for name, seconds in taken.items())
    return Group("how sure an answer is, one row", "µs", rows, goal="≤ 10 µs")


def _many_labels() -> tiny.Model:
    document = tiny.FLATS | {"task": "classification", "training": tiny.candidate("LogisticRegression")}
    document["columns"] = {"area": {"type": "number"}, "price": {"type": "category"}}
    rows = [{"area": float(area), "price": f"band {area % MANY_LABELS}"} for area in range(20 * MANY_LABELS)]
    return tiny.made("bands", document, rows)


def _telling(version: tiny.Model, instance: dict[str, Any]) -> Callable[[], str]:
    """Answer an instance once; the function returned says again and again how sure that answer is."""
    lake, files = tiny.Lake(), version.files
    income_model.write_errors(lake, version)
    loaded, bounds = TabularModel.load(files.manifest, files.model), ErrorBounds(lake, time.monotonic)
    predictions = predict(loaded, rows_to_lists([instance], loaded.definition.inputs), 1, None)
    label = predictions.labels[0] if predictions.labels else None

    def tell() -> str:
        add_bounds(predictions, bounds, COVERAGE)
        return write_uncertainty(loaded, predictions.numbers[0], label, predictions.bounds[0])

    return tell


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
