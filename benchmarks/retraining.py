"""A retraining run of the income model in the local cloud, on the built packages, without the time of `fit`."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from benchmarks import income_model
from benchmarks.built_functions import TEMPLATE
from benchmarks.result import Group, Part
from benchmarks.timing import summarise
from local.cloud import Cloud
from local.stack_client import StackClient

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

TITLE = "A retraining run"
ROWS = 30_000
RUNS = 3
FOREST = """
[[training.candidates]]
name = "forest"
estimator = "sklearn.ensemble.RandomForestClassifier"
n_estimators = 100
max_depth = 8
"""
"""A third candidate, beside the definition's two."""

FIRST = "the first run: no champion, every process starts"
NEXT = "the next: beside a champion, processes are there"
TRAIN, STEP, REFIT = "Train the candidates", "Train a candidate", "Fit on all rows"
FIT, FIT_AGAIN = "the longest fit", "the fits on all rows"
NOTES = (
    f"{ROWS:,} invented rows of 15 columns; the candidates are logistic regression, boosting and a forest of 100 "
    "trees. The state machine runs on moto. Each built function runs in processes of its own, at most one a processor.",
    "Everything but `fit` is the whole run, in which training counts the slowest candidate without its own `fit`. A "
    "candidate that waits while another one is fitted counts as waiting, so a run without any `fit` would not take "
    "longer. The refit counts as `fit`: one on all rows, and one a step back, which shows how far it may lie from its "
    "twin.",
)


def measure() -> Part:
    """Run twice in each of several clouds, the second time beside a champion."""
    runs: dict[str, list[dict[str, float]]] = {FIRST: [], NEXT: []}
    with TemporaryDirectory(prefix="bench-retraining-") as folder:
        for number in range(RUNS):
            _in_a_cloud(Path(folder) / str(number), runs)
    rows = tuple(summarise(name, "ours", [everything_but_fit(run) for run in runs]) for name, runs in runs.items())
    groups = [Group("everything but fit", "s", rows, goal="≤ 10 s")]
    return Part("retraining", TITLE, (*groups, *(_stages(name, runs) for name, runs in runs.items())), notes=NOTES)


def _in_a_cloud(folder: Path, runs_by_name: Mapping[str, list[dict[str, float]]]) -> None:
    models = folder / "models"
    models.mkdir(parents=True)
    definition = (income_model.ROOT / "examples" / f"{income_model.MODEL}.toml").read_text(encoding="utf-8")
    (models / f"{income_model.MODEL}.toml").write_text(definition + FOREST, encoding="utf-8")
    with Cloud(folder / "state", models, TEMPLATE) as cloud:
        client = StackClient(cloud)
        key = f"{income_model.MODEL}/rows.csv"
        client.upload(key, _file())
        client.receipt(key)
        for runs in runs_by_name.values():
            execution = client.start({"model": income_model.MODEL, "force": True})
            *_, history = client.states(execution)
            client.outcome(execution)
            runs.append(step_seconds(history))


def _file() -> bytes:
    people = income_model.invent_people(ROWS)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(people[0]))
    writer.writeheader()
    writer.writerows(people)
    return text.getvalue().encode()


def step_seconds(history: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return the seconds of each step from a run's history; training and refit without `fit`, and these fits."""
    began = history[0]["timestamp"]
    entered: dict[str, float] = {}
    taken: dict[str, float] = {}
    steps: list[tuple[float, float]] = []
    for event in history:
        at = (event["timestamp"] - began).total_seconds()
        if detail := event.get("stateEnteredEventDetails"):
            entered.setdefault(detail["name"], at)
        elif detail := event.get("stateExitedEventDetails"):
            name = detail["name"]
            taken[name] = at - entered[name]
            if name == STEP:
                steps.append((at - entered[TRAIN], json.loads(detail["output"])["fit_seconds"]))
            if name == REFIT:
                again = json.loads(detail["output"])["fitted"]["fit_seconds"]
                taken |= {REFIT: taken[REFIT] - again, FIT_AGAIN: again}
    whole = (history[-1]["timestamp"] - began).total_seconds()
    del taken[STEP]
    between = whole - sum(taken.values())
    taken[TRAIN] = max(until - fit for until, fit in steps)
    return {
        **{name: seconds for name, seconds in taken.items() if not name.endswith("?")},
        "between the steps": between + sum(seconds for name, seconds in taken.items() if name.endswith("?")),
        FIT: max(fit for _, fit in steps),
        "the whole run": whole,
    }


def everything_but_fit(run: Mapping[str, float]) -> float:
    """Add up everything but `fit`."""
    return sum(seconds for name, seconds in run.items() if name not in (FIT, FIT_AGAIN, "the whole run"))


def _stages(name: str, runs: Iterable[Mapping[str, float]]) -> Group:
    taken: dict[str, list[float]] = {}
    for run in runs:
        for step, seconds in run.items():
            taken.setdefault(f"{step}, without fit" if step in (TRAIN, REFIT) else step, []).append(seconds)
    return Group(name, "s", tuple(summarise(step, "ours", seconds) for step, seconds in taken.items()))
