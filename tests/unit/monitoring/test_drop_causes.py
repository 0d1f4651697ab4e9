"""A report says why a model got worse and where, names what was planted, and is silent where nothing is."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from refrain.lake.judged_rows import JudgedRows
from refrain.monitoring import drop_causes
from refrain.pages.monitoring_page import render_monitoring_report
from tests.unit.monitoring.world import BEGINNING, World
from tests.unit.pages.test_run_page import Page
from tests.unit.serving.tiny import Lake

if TYPE_CHECKING:
    from preprocessing import Array
    from refrain.lake.monitoring_report import MonitoringReport
    from tests.unit.monitoring.world import Floats, Row

CLASSES: dict[str, Any] = {
    "task": "classification",
    "target": "bought",
    "columns": {
        "age": {"type": "number"},
        "amount": {"type": "number"},
        "member": {"type": "boolean"},
        "city": {"type": "category"},
        "bought": {"type": "boolean"},
    },
    "training": {"candidates": [{"name": "given", "estimator": "sklearn.linear_model.LogisticRegression"}]},
    "gate": {"min_metric": 0.5},
    "monitoring": {"segments": ["city", "age", "member"]},
}
VALUES = deepcopy(CLASSES) | {"task": "regression", "gate": {}}
VALUES["columns"]["bought"] = {"type": "number"}
ROWS = 2000
TRUE = {"age": 0.1, "amount": 0.1, "member": 0.1, "city": 0.1}


def signal_of(people: list[Row]) -> Floats:
    """What the model sees in people; it reads an absent age as 40."""
    return np.array(
        [
            ((row["age"] if row["age"] is not None else 40) - 40) / 10 + row["amount"] + (row["member"] - 0.4)
            for row in people
        ]
    )


@dataclass
class Town:
    """People, a model that knows exactly what they do, and a day on which something is different."""

    document: dict[str, Any]
    world: World = field(init=False)
    version: str = field(init=False)

    def __post_init__(self) -> None:
        self.world = World.of(Lake(), "town", self.document)
        people, truth = self.people(1)
        self.version = self.world.serve(self.with_truth(people, truth), self.answers(people), importance=TRUE)

    @property
    def is_regression(self) -> bool:
        return bool(self.document["task"] == "regression")

    def people(self, seed: int, older: float = 0.0) -> tuple[list[Row], Array]:
        random = np.random.default_rng(seed)
        ages = random.normal(40 + older, 10, ROWS)
        cities = random.choice(["Oslo", "Rome", "Bonn"], ROWS, p=[0.5, 0.3, 0.2])
        people: list[Row] = [
            {"age": float(age), "amount": float(amount), "member": bool(member), "city": str(city)}
            for age, amount, member, city in zip(
                ages, random.normal(size=ROWS), random.random(ROWS) < 0.4, cities, strict=True
            )
        ]
        signal = signal_of(people)
        if self.is_regression:
            return people, signal + random.normal(size=ROWS) * np.where(ages > 55, 3.0, 1.0)
        return people, random.random(ROWS) < 1 / (1 + np.exp(-2 * signal))

    def answers(self, people: list[Row]) -> Floats:
        signal = signal_of(people)
        if self.is_regression:
            return signal[:, np.newaxis]
        chance = 1 / (1 + np.exp(-2 * signal))
        return np.column_stack([1 - chance, chance])

    def with_truth(self, people: list[Row], truth: Array) -> list[Row]:
        return [{**row, "bought": value} for row, value in zip(people, truth.tolist(), strict=True)]

    def report(self, people: list[Row], truth: Array, *, labelled: bool = True) -> MonitoringReport:
        """Have a day's people asked, and what they did sent later; return the day's report."""
        times = [BEGINNING + timedelta(seconds=40 * row) for row in range(ROWS)]
        classes = None if self.is_regression else ["false", "true"]
        ids = self.world.ask(self.version, people, self.answers(people), times, classes=classes)
        if labelled:
            self.world.label(ids, truth.tolist(), times[-1])
        return self.world.monitor(BEGINNING + timedelta(days=1, minutes=20))


def in_city(people: list[Row], city: str) -> Any:
    return np.array([row["city"] == city for row in people])


@pytest.fixture(params=[CLASSES, VALUES], ids=["classes", "values"])
def town(request: pytest.FixtureRequest) -> Town:
    return Town(request.param)


def test_of_a_wide_table_the_features_are_looked_at_that_the_model_relies_on_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    town = Town(CLASSES)
    monkeypatch.setattr(drop_causes, "MAX_EXPLAINED_FEATURES", 2)
    importance = {"age": 0.0, "amount": 0.1, "member": 0.1, "city": 0.0}
    town.version = town.world.serve(
        town.with_truth(*(learned := town.people(1))), town.answers(learned[0]), importance=importance
    )
    people, truth = town.people(9)

    report = town.report([{**row, "age": 1000.0, "amount": row["amount"] + 2} for row in people], truth)

    assert report.quality is not None
    causes = report.quality.causes
    assert causes is not None
    assert causes.left_out == 2
    assert {entry.feature for entry in causes.features} == {"amount"}


@pytest.mark.parametrize("broken", [40.0, None, 1000.0], ids=["a constant", "missing values", "another unit"])
def test_a_broken_column_is_named_as_changed_inputs(town: Town, broken: float | None) -> None:
    people, truth = town.people(2)
    ages = [row["age"] * 1000 if broken == 1000 else broken for row in people]

    report = town.report([{**row, "age": age} for row, age in zip(people, ages, strict=True)], truth)

    assert report.quality is not None
    causes = report.quality.causes
    assert causes is not None
    assert not causes.meaning_first
    assert causes.features[0].feature == "age"
    assert causes.inputs.low > 0
    assert "with changed inputs: age" in report.summary
    assert report.headline in Page(render_monitoring_report(report)).texts


def test_a_shuffled_column_is_named_as_a_changed_meaning(town: Town) -> None:
    people, truth = town.people(3)
    ages = np.random.default_rng(3).permutation([row["age"] for row in people]).tolist()

    report = town.report([{**row, "age": age} for row, age in zip(people, ages, strict=True)], truth)

    assert report.quality is not None
    causes = report.quality.causes
    assert causes is not None
    assert causes.meaning_first
    assert causes.by_meaning == "age"


def test_a_meaning_that_turned_in_one_segment_is_named_with_the_segment(town: Town) -> None:
    people, truth = town.people(4)
    truth = np.where(in_city(people, "Rome"), -truth if town.is_regression else ~truth.astype(bool), truth)

    report = town.report(people, truth)

    assert report.quality is not None
    causes, segments = report.quality.causes, report.quality.segments
    assert causes is not None
    assert segments is not None
    assert causes.meaning_first
    assert causes.by_meaning == "city"
    assert causes.where is not None
    assert causes.where.name == segments.worst[0].name == "city = Rome"
    assert causes.where.low > 0
    assert "where city = Rome" in report.summary
    page = Page(render_monitoring_report(report))
    assert "causes" in page.headings()
    assert "city = Rome" in page.texts


def test_where_nothing_changed_nothing_is_named(town: Town) -> None:
    report = town.report(*town.people(5))

    assert report.quality is not None
    assert report.quality.causes is None
    assert report.quality.segments is not None
    assert report.quality.segments.worst == ()
    assert report.quality.segments.tested > 20
    assert report.window is not None
    assert report.window.segment_drifts == ()


def test_a_feature_that_changed_in_one_segment_alone_is_named_with_it() -> None:
    town = Town(CLASSES)
    people, truth = town.people(8)
    older: list[Row] = [{**row, "age": row["age"] + 12 * (row["city"] == "Rome")} for row in people]

    report = town.report(older, truth, labelled=False)

    assert report.window is not None
    drift = report.window.segment_drifts[0]
    assert (drift.name, drift.feature) == ("city = Rome", "age")
    assert drift.effect > 0.2


def test_without_labels_the_inputs_let_a_rise_be_expected() -> None:
    town = Town(VALUES)
    people, truth = town.people(6, older=15.0)

    report = town.report(people, truth, labelled=False)

    assert report.window is not None
    assert report.window.alarmed
    causes = report.window.causes
    assert causes is not None
    assert causes.estimated
    assert causes.features[0].feature == "age"
    assert causes.rise.low > 0
    assert "The squared error is expected to rise by" in report.summary


def test_versions_without_their_judged_rows_get_a_report_without_causes(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(JudgedRows, "read", lambda *_: None)
    people, truth = town.people(7)

    report = town.report([{**row, "age": None} for row in people], truth)

    assert report.quality is not None
    assert report.quality.measured is not None
    assert report.quality.causes is None
    assert report.quality.segments is None
