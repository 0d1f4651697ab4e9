"""What a prediction costs as things grow: columns of the model, instances of a request, models of a function."""

from __future__ import annotations

import json
import time
from contextlib import redirect_stdout
from dataclasses import replace
from functools import partial
from itertools import cycle
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from refrain.serving.registry import MOST_LOADED, Registry
from refrain.serving.requests import Request
from refrain.serving.routes import respond
from tests.bench import subjects
from tests.bench.prediction import Discarded
from tests.bench.result import Line, Part
from tests.unit.serving import tiny

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TITLE = "The cost of growth"
COLUMNS = (10, 100, 1000)
INSTANCES = (1, 10, 100, 1000)
MODELS = (1, 10, 100)
SECONDS = 2.0


def measure() -> Part:
    """Draw three lines."""
    with redirect_stdout(Discarded()):
        lines = (_columns(), _instances(), _models())
    return Part("growth", TITLE, (), lines)


def _columns() -> Line:
    taken = tuple(_median(_numbers(columns)) for columns in COLUMNS)
    why = "Each column is read, encoded, checked and captured by itself, so the line becomes straight."
    x = tuple(map(float, COLUMNS))
    return Line("Columns of the model", "columns (numbers)", "µs a prediction", x, {"one instance": taken}, why)


def _numbers(columns: int) -> Callable[[], object]:
    """Make a handler of a model of so many numbers, and its request."""
    random = np.random.default_rng(7)
    names = [f"x{place}" for place in range(columns)]
    rows: list[dict[str, Any]] = [
        dict(zip(names, map(float, random.normal(size=columns)), strict=True)) for _ in range(400)
    ]
    for row in rows:
        row["y"] = float(row["x0"] + random.normal())
    document = {
        "task": "regression",
        "target": "y",
        "columns": {name: {"type": "number"} for name in [*names, "y"]},
        "training": tiny.candidate("LinearRegression"),
    }
    answer = subjects.handler(tiny.made("numbers", document, rows))
    asked = [{name: value for name, value in row.items() if name != "y"} for row in rows[:20]]
    events = cycle([_event("numbers", row) for row in asked])
    return _asking(answer, events)


def _instances() -> Line:
    lines = {}
    for candidate in ("logistic", "boosting"):
        answer = subjects.handler(subjects.version(candidate))
        lines[candidate] = tuple(_median(_asking(answer, subjects.events(rows))) / rows for rows in INSTANCES)
    why = (
        "What a request costs whatever it holds is shared by its instances; from 33 on, whole columns are read at once."
    )
    x = tuple(map(float, INSTANCES))
    return Line("Instances of a request", "instances (14 columns)", "µs an instance", x, lines, why)


def _models() -> Line:
    """One function, its models asked in turn: those beyond `MOST_LOADED` push each other out."""
    model = tiny.flats()
    warm, memory = [], []
    with TemporaryDirectory() as folder:
        for count in MODELS:
            lake = tiny.Lake()
            names = [f"flats-{place}" for place in range(count)]
            for name in names:
                Path(folder, f"{name}.toml").touch()
                tiny.deploy(lake, _renamed(model, name))
            registry = Registry(lake, Path(folder), refresh_seconds=3600)
            before = _resident()
            events = cycle([_event(name, {"area": 70.5, "rooms": 3}) for name in names])
            for _ in names:
                _respond(registry, next(events))
            memory.append(max(_resident() - before, 0.1))
            warm.append(_median(_asking(partial(_respond, registry), events)))
    why = (
        f"Up to {MOST_LOADED} models stay loaded; asked in turn, more than that are loaded again and again, "
        "while the memory stays bounded."
    )
    lines = {"µs a prediction": tuple(warm), "MB more than before": tuple(memory)}
    return Line("Models of one function", "models, asked in turn", "µs, MB", tuple(map(float, MODELS)), lines, why)


def _renamed(model: tiny.Model, name: str) -> tiny.Model:
    manifest = model.files.manifest | {"model": name, "version": f"{name}-1"}
    definition = replace(model.definition, model=name)
    return replace(model, definition=definition, files=replace(model.files, manifest=manifest))


def _event(model: str, instance: dict[str, Any]) -> dict[str, Any]:
    event = next(subjects.events(1, 1))
    return event | {"path": f"/v1/models/{model}:predict", "body": json.dumps({"instances": [instance]})}


def _respond(registry: Registry, event: dict[str, Any]) -> object:
    return respond(Request.of(event), registry)


def _asking(answer: Callable[[Any], object], events: Iterator[Any]) -> Callable[[], object]:
    return lambda: answer(next(events))


def _median(call: Callable[[], object]) -> float:
    """Median microseconds of a call."""
    taken = []
    call()
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        started = time.perf_counter()
        call()
        taken.append(time.perf_counter() - started)
    return median(taken) * 1e6


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
    return pages * 4096 / 1024 / 1024
