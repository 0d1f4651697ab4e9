"""An estimate without labels alarms when rows became harder, and never because the model was just good enough."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from refrain.lake.judged_rows import JudgedRows
from refrain.lake.version import Manifest
from tests.unit.monitoring.world import BEGINNING, RUN, World
from tests.unit.serving.tiny import Lake

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from refrain.lake.judged_window import JudgedWindow
    from refrain.lake.monitoring_report import MonitoringReport

DOCUMENT: dict[str, Any] = {
    "task": "classification",
    "target": "rich",
    "columns": {"amount": {"type": "number"}, "rich": {"type": "category"}},
    "training": {
        "metric": "log_loss",
        "candidates": [{"name": "given", "estimator": "sklearn.linear_model.LogisticRegression"}],
    },
    "monitoring": {"ignore": ["amount"]},
}
ROWS = 1200


def people(
    seed: int, classes: list[str], spread: float = 2.5
) -> tuple[list[dict[str, Any]], NDArray[np.float64], NDArray[np.int64]]:
    """Draw rows, the answers of a model that is a little too sure, and the numbers of the true classes.

    The smaller the spread, the nearer to each other are the chances of the classes.
    """
    random = np.random.default_rng(seed)
    scores = spread * random.normal(size=(ROWS, len(classes)))
    chances, answers = (np.exp(part) / np.exp(part).sum(axis=1, keepdims=True) for part in (scores, 1.2 * scores))
    truth = (chances.cumsum(axis=1) < random.random((ROWS, 1))).sum(axis=1)
    rows = [
        {"amount": float(value), "rich": classes[number]} for value, number in zip(scores[:, 0], truth, strict=True)
    ]
    return rows, answers, truth


def serve(seed: int, classes: list[str], metric: str, room: float) -> tuple[World, str]:
    """Serve a version that passes its gate by so much."""
    training = {**DOCUMENT["training"], "metric": metric}
    world = World.of(Lake(), "people", {**DOCUMENT, "training": training})
    rows, answers, _ = people(seed, classes)
    version = world.serve(rows, answers)
    value = world.monitor(BEGINNING).evaluated
    assert value and value.value
    gate = {"max_metric": value.value + room} if metric == "log_loss" else {"min_metric": value.value - room}
    world.define({**DOCUMENT, "training": training, "gate": gate})
    return world, version


def watch(world: World, version: str, seed: int, classes: list[str], spread: float = 2.5) -> MonitoringReport:
    rows, answers, _ = people(seed, classes, spread)
    times = [BEGINNING + timedelta(seconds=60 * row) for row in range(ROWS)]
    world.ask(version, rows, answers, times, classes=classes)
    return world.monitor(BEGINNING + timedelta(days=1, minutes=20))


def window_of(report: MonitoringReport) -> JudgedWindow:
    assert report.window and report.window.estimated and report.window.estimated_change
    return report.window


@pytest.mark.parametrize(("metric", "room"), [("log_loss", 0.007), ("roc_auc", 0.004), ("accuracy", 0.004)])
@pytest.mark.parametrize("classes", [["no", "yes"], ["high", "low", "middle"]])
def test_rows_as_on_the_holdout_break_no_gate_that_was_just_passed(
    metric: str, room: float, classes: list[str]
) -> None:
    world, version = serve(1, classes, metric, room)

    report = watch(world, version, 2, classes)

    assert report.evaluated and report.evaluated.value
    window = window_of(report)
    assert not window.estimated_breaks_gate
    assert window.estimated_change and window.estimated_change.low <= 0 <= window.estimated_change.high
    assert window.estimated and window.estimated.low < report.evaluated.value < window.estimated.high
    assert "estimated" not in report.summary


def test_harder_rows_break_it() -> None:
    world, version = serve(1, ["no", "yes"], "log_loss", 0.007)

    report = watch(world, version, 2, ["no", "yes"], spread=0.8)

    window = window_of(report)
    assert window.estimated_breaks_gate and window.alarmed
    assert "estimated log loss is" in report.summary


def test_without_the_judged_rows_there_is_no_estimate() -> None:
    world, version = serve(1, ["no", "yes"], "log_loss", 0.007)
    world.store._store.delete(f"snapshots/people/{RUN}/judged/given.npz")

    report = watch(world, version, 2, ["no", "yes"], spread=0.8)

    assert report.window and report.window.estimated is None and report.window.estimated_change is None
    assert not report.window.estimated_breaks_gate


@pytest.mark.parametrize("rows", [0, 5, 60])
@pytest.mark.parametrize("metric", ["roc_auc", "f1", "log_loss"])
def test_judged_rows_of_one_class_and_few_of_them_are_no_error(rows: int, metric: str) -> None:
    world, version = serve(1, ["no", "yes"], metric, 0.1)
    manifest = Manifest.read(world.store, "people", version)
    judged = JudgedRows.read(world.store, manifest)
    assert judged is not None
    replace(judged.thin(rows), truth=np.zeros(min(rows, ROWS), np.int64)).write(world.store, manifest)

    report = watch(world, version, 2, ["no", "yes"])

    assert report.window
    assert (report.window.estimated is None) == (rows < 30 or metric == "roc_auc")
