"""Measured and estimated quality are of the class that the version was trained for, in every sample of rows."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.metrics import f1_score

from tests.unit.monitoring.world import BEGINNING, World
from tests.unit.serving.tiny import Lake

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from refrain.lake.monitoring_report import MonitoringReport

DOCUMENT: dict[str, Any] = {
    "task": "classification",
    "target": "kind",
    "columns": {"amount": {"type": "number"}, "kind": {"type": "category"}},
    "training": {
        "metric": "f1",
        "candidates": [{"name": "given", "estimator": "sklearn.linear_model.LogisticRegression"}],
    },
    "gate": {"min_metric": 0.4},
}
ROWS = 2000


def payments(seed: int, shift: float = -3.0) -> tuple[list[dict[str, Any]], NDArray[np.float64], NDArray[np.bool_]]:
    """Draw rows with a perfectly calibrated model's answers (fraud, ok), and which are fraud: 13 % without a shift."""
    random = np.random.default_rng(seed)
    chance = 1 / (1 + np.exp(-random.normal(shift, 2, ROWS)))
    fraud = random.random(ROWS) < chance
    rows = [
        {"amount": float(value), "kind": "fraud" if event else "ok"} for value, event in zip(chance, fraud, strict=True)
    ]
    return rows, np.stack([chance, 1 - chance], axis=1), fraud


def report_on(shift: float = -3.0, always: float | None = None) -> tuple[MonitoringReport, float]:
    """Serve a version for two days, the second with labels; return the report and the F1 of fraud on that day."""
    world = World.of(Lake(), "payments", DOCUMENT)
    rows, answers, _ = payments(1)
    constant = None if always is None else np.tile([always, 1 - always], (ROWS, 1))
    version = world.serve(rows, answers if constant is None else constant)
    rows, answers, fraud = payments(2, shift)
    answers = answers if constant is None else constant
    times = [BEGINNING + timedelta(seconds=40 * row) for row in range(ROWS)]
    ids = world.ask(version, rows, answers, times, classes=["fraud", "ok"])
    world.label(ids, [row["kind"] for row in rows], times[-1])
    report = world.monitor(BEGINNING + timedelta(days=1, minutes=20))
    return report, float(f1_score(fraud, answers[:, 0] >= 0.5, zero_division=0.0))


@pytest.mark.parametrize("shift", [-3.0, 0.0, 3.0], ids=["13 % fraud", "half is fraud", "87 % fraud"])
def test_the_same_class_counts_on_the_holdout_in_service_and_in_the_estimate(shift: float) -> None:
    report, of_fraud = report_on(shift)

    assert report.quality and report.quality.measured and report.window and report.window.estimated
    assert report.quality.measured.value == pytest.approx(of_fraud)
    far = 0.08 if shift == -3.0 else 0.2  # beyond the holdout's answers the calibration is flat
    assert report.window.estimated.value == pytest.approx(of_fraud, abs=far)


def test_rows_of_one_customer_count_as_little_as_one_row_does() -> None:
    widths = []
    for grouped in (False, True):
        columns = {**DOCUMENT["columns"], "customer": {"type": "category", "required": True}}
        training = {**DOCUMENT["training"], "metric": "accuracy", **({"group": "customer"} if grouped else {})}
        world = World.of(Lake(), "payments", {**DOCUMENT, "columns": columns, "training": training})
        rows, answers, _ = payments(1)
        rows = [row | {"customer": str(number // 20)} for number, row in enumerate(rows)]
        version = world.serve(rows, answers)
        first = np.arange(ROWS) // 20 * 20  # the twenty rows of a customer are the same
        times = [BEGINNING + timedelta(seconds=40 * row) for row in range(ROWS)]
        asked = [rows[row] for row in first]
        ids = world.ask(version, asked, answers[first], times, classes=["fraud", "ok"])
        world.label(ids, [row["kind"] for row in asked], times[-1])
        quality = world.monitor(BEGINNING + timedelta(days=1, minutes=20)).quality
        assert quality and quality.measured
        widths.append(quality.measured.value - quality.measured.low)
    assert widths[1] > 3 * widths[0]


def test_rows_that_follow_each_other_count_as_they_did_on_the_holdout() -> None:
    widths = []
    training = {**DOCUMENT["training"], "metric": "accuracy"}
    for in_order in (False, True):
        world = World.of(Lake(), "payments", {**DOCUMENT, "training": training})
        rows, answers, _ = payments(1)
        lasting = np.arange(ROWS) // 20 * 20  # twenty rows in a row are the same
        rows, answers = [rows[row] for row in lasting], answers[lasting]
        version = world.serve(rows, answers, in_order=in_order)
        times = [BEGINNING + timedelta(seconds=40 * row) for row in range(ROWS)]
        ids = world.ask(version, rows, answers, times, classes=["fraud", "ok"])
        world.label(ids, [row["kind"] for row in rows], times[-1])
        quality = world.monitor(BEGINNING + timedelta(days=1, minutes=20)).quality
        assert quality and quality.measured
        widths.append(quality.measured.value - quality.measured.low)
    assert widths[1] > 2 * widths[0]


def test_a_model_that_never_answers_fraud_is_estimated_at_nothing() -> None:
    report, of_fraud = report_on(always=0.05)

    assert report.window and report.window.estimated
    assert report.window.estimated.value == of_fraud == 0.0
    assert not report.window.estimated_breaks_gate  # it was as useless on its holdout
