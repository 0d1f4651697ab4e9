"""The cost of growth: columns of a model, instances of a request, models of a function, uploads a minute."""

from __future__ import annotations

import json
import time
import tomllib
from contextlib import redirect_stdout
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import income_model, many_models, uploads
from benchmarks.prediction import DiscardedOutput
from benchmarks.result import Line, Part
from refrain.fast_path.features import MIN_ROWS_BY_COLUMN
from refrain.serving.registry.registry import MAX_LOADED_MODELS
from tests.unit.serving import tiny

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TITLE = "The cost of growth"
COLUMNS = (10, 100, 1000)
INSTANCES = (1, 10, 100, 1000)
MODELS = (1, 10, 50, 100)
SECONDS = 2.0


def measure() -> Part:
    """Measure five lines."""
    with redirect_stdout(DiscardedOutput()):
        lines = (_columns(), _instances(), *_models())
    waits, burst = uploads.measure()
    return Part("growth", TITLE, (burst,), (*lines, waits))


def _columns() -> Line:
    taken = tuple(_median(_numbers(columns)) for columns in COLUMNS)
    slope = (taken[-1] - taken[-2]) / (COLUMNS[-1] - COLUMNS[-2])
    why = (
        f"Each column is parsed, read, encoded and captured, {slope:.1f} µs each. Most of it is reading the value and "
        "writing it again. The fixed cost of a request soon becomes the smaller part."
    )
    x = tuple(map(float, COLUMNS))
    return Line("Columns of the model", "columns (numbers)", "µs a prediction", x, {"one instance": taken}, why)


def _numbers(columns: int) -> Callable[[], object]:
    """Make a call to a handler of a model with so many numbers."""
    random = np.random.default_rng(7)
    names = [f"x{index}" for index in range(columns)]
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
    answer = income_model.make_handler(tiny.made("numbers", document, rows))
    instances = [{name: value for name, value in row.items() if name != "y"} for row in rows[:20]]
    events = cycle([_event("numbers", row) for row in instances])
    return _calling(answer, events)


def _instances() -> Line:
    lines = {}
    for candidate in ("logistic", "boosting"):
        answer = income_model.make_handler(income_model.train_version(candidate))
        lines[candidate] = tuple(
            _median(_calling(answer, income_model.predict_events(rows))) / rows for rows in INSTANCES
        )
    why = (
        f"Instances share the fixed cost of a request, and from {MIN_ROWS_BY_COLUMN} instances on each column is read "
        "in one loop. The rest is the cost of each instance: its text, its values, its captured line, and the trees of "
        "boosting."
    )
    x = tuple(map(float, INSTANCES))
    return Line("Instances of a request", "instances (14 columns)", "µs an instance", x, lines, why)


def _models() -> tuple[Line, Line]:
    """Measure many forests in one function; beyond `MAX_LOADED_MODELS`, calls in turn push each other's model out."""
    with TemporaryDirectory(prefix="refrain-growth-") as name:
        size = _fill(Path(name), max(MODELS))
        results = [many_models.measure_models(Path(name), count) for count in MODELS]
    x = tuple(map(float, MODELS))
    latency = {order: tuple(result[order] for result in results) for order in ("in turn", "the same")}
    memory = {
        "each asked once": tuple(result["once"] for result in results),
        f"after {many_models.ROUNDS} rounds more": tuple(result["rounds"] for result in results),
    }
    loaded = (results[-2]["once"] - results[0]["once"]) / (MODELS[-2] - MODELS[0])
    latency_why = (
        f"Up to {MAX_LOADED_MODELS} models stay loaded; calling another one costs only what the processor's caches "
        "have lost. Beyond the limit, models that are called in turn are read, checked and proved again each time; a "
        "model that is called repeatedly is not."
    )
    memory_why = (
        f"Each model is a forest of 100 trees, {size:.1f} MB as ONNX and {loaded:.0f} MB when loaded. The least "
        f"recently used one makes room, so more models than {MAX_LOADED_MODELS} take no more memory."
    )
    return (
        Line("Models of one function: latency", "models", "µs a prediction", x, latency, latency_why),
        Line("Models of one function: memory", "models", "MB resident", x, memory, memory_why, plain=True),
    )


def _fill(folder: Path, count: int) -> float:
    """Put so many models under different names into a folder, and a request; return the MB of one graph."""
    document = tomllib.loads((income_model.ROOT / "examples" / "income.toml").read_text(encoding="utf-8"))
    forest = {"name": "forest", "estimator": "sklearn.ensemble.RandomForestClassifier", "n_estimators": 100}
    training = document["training"] | {"candidates": [forest]}
    model = tiny.made("income", document | {"training": training}, list(income_model.invent_people(3000)))
    lake = many_models.FolderLake(folder / "lake")
    for index in range(count):
        tiny.deploy(lake, _renamed(model, many_models.model_name(index)))
    (folder / "event.json").write_text(json.dumps(next(income_model.predict_events(1, 1))), encoding="utf-8")
    return len(model.files.model) / 1e6


def _renamed(model: tiny.Model, name: str) -> tiny.Model:
    manifest = replace(model.files.manifest, model=name, version=f"{name}-1")
    definition = replace(model.definition, model=name)
    return replace(model, definition=definition, files=replace(model.files, manifest=manifest))


def _event(model: str, instance: dict[str, Any]) -> dict[str, Any]:
    event = next(income_model.predict_events(1, 1))
    return event | {"path": f"/v1/models/{model}:predict", "body": json.dumps({"instances": [instance]})}


def _calling(answer: Callable[[Any], object], events: Iterator[Any]) -> Callable[[], object]:
    return lambda: answer(next(events))


def _median(call: Callable[[], object]) -> float:
    """Return the median microseconds of a call."""
    taken = []
    call()
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        started = time.perf_counter()
        call()
        taken.append(time.perf_counter() - started)
    return median(taken) * 1e6
