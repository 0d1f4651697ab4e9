"""Labels adapt the bound of errors, and reports say how many truths lay within what callers were told."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from refrain.lake.adapted_bound import AdaptedBound
from tests.unit.monitoring.world import BEGINNING, RUN, World
from tests.unit.serving.tiny import Lake

if TYPE_CHECKING:
    from tests.fake_services import RecordedBus
    from tests.unit.monitoring.world import Floats

COLUMNS = {"x": {"type": "number"}}
TRAINING = {"candidates": [{"name": "given", "estimator": "sklearn.linear_model.Ridge"}]}
VALUES: dict[str, Any] = {
    "task": "regression",
    "target": "y",
    "columns": {**COLUMNS, "y": {"type": "number"}},
    "training": TRAINING,
}
CLASSES: dict[str, Any] = VALUES | {"task": "classification", "columns": {**COLUMNS, "y": {"type": "category"}}}
EVENING = BEGINNING + timedelta(hours=20)


class Shop:
    """A model in service whose answer is x, and errs by noise of a scale; of classes, x is the chance of `yes`."""

    def __init__(self, document: dict[str, Any], *, judged: int = 500) -> None:
        self.world = World.of(Lake(), "shop", document)
        self.classes = ("no", "yes") if document is CLASSES else None
        self.random = np.random.default_rng(0)
        x, truth, answers = self.draw(max(judged, 50), 1.0)
        rows = [{"x": value, "y": label} for value, label in zip(x.tolist(), truth, strict=True)]
        self.version = self.world.serve(rows, answers)
        if not judged:
            self.world.store._store.delete(f"snapshots/shop/{RUN}/judged/given.npz")

    def draw(self, rows: int, scale: float) -> tuple[Floats, list[Any], Floats]:
        if not self.classes:
            x = self.random.normal(size=rows)
            return x, (x + scale * self.random.normal(size=rows)).tolist(), x[:, np.newaxis]
        x = self.random.uniform(0.05, 0.95, rows)
        is_yes = self.random.random(rows) < (x if scale == 1.0 else 1 - x)
        return x, np.where(is_yes, "yes", "no").tolist(), np.stack([1 - x, x], axis=1)

    def ask(self, rows: int, *, first: int = 0, scale: float = 1.0, bound: float | None = None) -> None:
        """Have rows asked and labelled, one each second from the `first` one on."""
        x, truth, answers = self.draw(rows, scale)
        times = [BEGINNING + timedelta(minutes=5, seconds=first + row) for row in range(rows)]
        inputs = [{"x": value} for value in x.tolist()]
        ids = self.world.ask(self.version, inputs, answers, times, classes=self.classes, bound=bound)
        for start in range(0, rows, 50):
            self.world.label(ids[start : start + 50], truth[start : start + 50], times[min(start + 49, rows - 1)])

    def adapted(self) -> AdaptedBound:
        return AdaptedBound.read(self.world.store, "shop", self.version)


@pytest.mark.parametrize("document", [VALUES, CLASSES], ids=["values", "classes"])
def test_a_report_counts_what_callers_were_told(document: dict[str, Any]) -> None:
    shop = Shop(document)
    bound = 1.645 if document is VALUES else 0.7
    shop.ask(600, bound=bound)
    shop.ask(300, first=600)

    report = shop.world.monitor(EVENING)

    assert report.coverage is not None
    held = report.coverage.held
    assert held is not None
    assert held.rows == 600
    assert held.low < 0.9 < held.high
    assert report.coverage.adapted.bound == pytest.approx(bound, rel=0.2)
    assert shop.adapted() == report.coverage.adapted
    page = shop.world.store.read("monitoring/shop/20261101T200000Z.html").data.decode()
    assert "Of 600 labelled intervals" in page


def test_the_page_draws_the_coverage_of_each_window() -> None:
    shop = Shop(VALUES)
    shop.ask(600, bound=1.645)

    report = shop.world.monitor(BEGINNING + timedelta(days=1, minutes=20))

    assert report.history[-1].held == report.coverage.held if report.coverage else None
    assert "Truths within intervals" in shop.world.store.read("monitoring/shop/20261102T002000Z.html").data.decode()


def test_a_report_of_the_same_rows_writes_the_same_bound() -> None:
    shop = Shop(VALUES)
    shop.ask(400, scale=1.4)
    shop.world.monitor(EVENING)
    first = shop.adapted()
    shop.world.monitor(EVENING)
    shop.world.monitor(EVENING + timedelta(hours=1))

    assert shop.adapted() == first
    assert first.bound == pytest.approx(1.645 * 1.4, rel=0.3)


def test_lost_coverage_is_told_once_with_the_reason(bus: RecordedBus) -> None:
    shop = Shop(VALUES)
    shop.ask(300, bound=1.645)
    shop.ask(60, first=300, scale=8.0, bound=1.645)

    reports = [shop.world.monitor(EVENING + timedelta(hours=hour)) for hour in range(2)]

    assert [report.has_lost_coverage for report in reports] == [True, True]
    assert shop.adapted() == AdaptedBound(0.9, None, "coverage_lost", 360)
    assert "too many of the latest truths lay outside" in reports[0].summary
    assert [name for name, _ in bus.events] == ["CoverageLost"]
    assert [subject for subject, _ in shop.world.services.told if "withheld" in subject] == [
        "shop: intervals are withheld"
    ]


def test_a_label_that_the_version_does_not_know_is_an_error_of_one() -> None:
    shop = Shop(CLASSES)
    x = np.full(40, 0.9)
    times = [BEGINNING + timedelta(minutes=10, seconds=row) for row in range(40)]
    answers = np.stack([1 - x, x], axis=1)
    ids = shop.world.ask(shop.version, [{"x": 0.9}] * 40, answers, times, classes=shop.classes, bound=0.95)
    shop.world.label(ids, ["maybe"] * 40, datetime.fromisoformat("2026-11-01T01:00:00+00:00"))

    coverage = shop.world.monitor(EVENING).coverage

    assert coverage is not None
    assert coverage.held is not None
    assert coverage.held.value == 0.0


def test_without_judged_rows_the_labels_calibrate() -> None:
    shop = Shop(VALUES, judged=0)
    shop.ask(8)
    shop.world.monitor(EVENING)
    assert shop.adapted().withheld == "too_few_rows"
    shop.ask(200, first=60)
    shop.world.monitor(EVENING + timedelta(hours=1))

    assert shop.adapted().bound == pytest.approx(1.645, rel=0.3)


def test_without_labels_nothing_is_adapted() -> None:
    shop = Shop(VALUES)

    report = shop.world.monitor(EVENING)

    assert report.coverage is None
    assert list(shop.world.store.keys("coverage/")) == []
