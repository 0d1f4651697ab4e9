"""Monitoring reports on a model, day after day: what they show, decide, and notify people of."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from preprocessing import DefinitionError
from refrain.errors import BrokenVersion, InvalidRequest, UnknownModel
from refrain.lake.evaluation import Figures, GateDecision, ModelSummary
from refrain.lake.monitoring_report import MonitoringReport
from refrain.lake.trial_outcome import TrialOutcome
from refrain.lake.version import version_key
from refrain.monitoring.monitor import monitor_by_name
from tests.stored import define, make_evaluation
from tests.unit.monitoring.conftest import DOCUMENT, Shop, customers
from tests.unit.monitoring.world import BEGINNING, Recorder, World
from tests.unit.serving.tiny import Lake

if TYPE_CHECKING:
    from tests.fake_services import RecordedBus

GOOD = """
task = "regression"
target = "y"
[columns]
x = { type = "number" }
y = { type = "number" }
[training]
candidates = [{ name = "ridge", estimator = "sklearn.linear_model.Ridge" }]
"""


def days(shop: Shop, first: int, last: int, **how: Any) -> list[MonitoringReport]:
    """Let days pass, each with a report in the evening."""
    reports = []
    for day in range(first, last):
        shop.day(day, **how)
        reports.append(shop.world.monitor(shop.evening(day)))
    return reports


def windows(report: MonitoringReport) -> list[tuple[str, str]]:
    return [(each.since, each.until) for each in report.history]


def test_while_nothing_changes_nothing_is_said(shop: Shop) -> None:
    reports = days(shop, 0, 6)

    assert [report.state for report in reports] == ["steady"] * 6
    assert reports[-1].summary == "All 4 distributions are as in training, as far as 300 predictions can tell."
    assert {report.decision.code for report in reports} == {"nothing"}
    assert shop.world.services.told == []


def test_a_shift_is_watched_first_and_a_drift_once_it_stays(shop: Shop) -> None:
    days(shop, 0, 2)

    watched, drifted = days(shop, 2, 4, older=8.0)

    assert (watched.state, drifted.state) == ("watch", "drifted")
    assert (
        "In the latest window age differed from training; 1 more such window in 3 would be a drift." in watched.summary
    )
    assert drifted.summary.startswith("In 2 of the last 3 windows (an alarm takes 2) age differed from training")
    assert drifted.window is not None
    first = drifted.window.distributions[0]
    assert (first.name, first.drifted, first.since) == ("age", True, "2026-11-03T00:00:00Z")
    assert first.importance == pytest.approx(0.8)
    assert first.matters == pytest.approx(0.8 * first.effect)


def test_a_drift_is_an_event_when_it_begins_and_again_when_its_tick_is(shop: Shop, bus: RecordedBus) -> None:
    days(shop, 0, 2, older=8.0)
    (name, detail), *later = bus.events
    days(shop, 2, 4, older=8.0)
    assert later == [] and len(bus.events) == 1
    assert (name, detail["summary"][:20]) == ("Drifted", "In 2 of the last 2 w")
    assert shop.world.store.exists(detail["report"].removeprefix(f"s3://{shop.world.store.bucket}/"))

    shop.world.monitor(shop.evening(1))

    assert bus.events == [(name, detail)] * 2


def test_it_is_steady_again_once_the_shift_has_passed(shop: Shop) -> None:
    days(shop, 0, 2, older=8.0)
    assert [report.state for report in days(shop, 2, 5)] == ["drifted", "watch", "steady"]


def test_no_prediction_is_judged_twice(shop: Shop) -> None:
    for day in range(3):
        shop.day(day)
    reports = [shop.world.monitor(BEGINNING + timedelta(hours=hour, minutes=20)) for hour in range(1, 73)]

    last = reports[-1]
    assert [since for since, _ in windows(last)][1:] == [until for _, until in windows(last)][:-1]
    assert len(last.history) == 3
    assert sum(each.rows for each in last.history) + last.waiting <= 900


def test_a_version_that_went_into_service_within_a_second_is_judged_from_then_on() -> None:
    world = World.of(Lake(), "shop", DOCUMENT)
    people, answers, _ = customers(500, seed=1)
    version = world.serve(people, answers, since=BEGINNING + timedelta(microseconds=758000))

    days(Shop(world, version), 0, 1)

    assert days(Shop(world, version), 1, 2)[0].state == "steady"


def test_few_predictions_wait_for_more(shop: Shop) -> None:
    reports = days(shop, 0, 3, rows=12)

    assert [report.state for report in reports] == ["not_judged", "not_judged", "steady"]
    assert [report.waiting for report in reports] == [12, 24, 0]
    assert reports[0].summary == "Nothing is judged yet: 12 predictions wait for the first window to be full."


def test_people_are_notified_when_it_begins_and_not_in_every_report(shop: Shop) -> None:
    days(shop, 0, 5, older=8.0)

    subjects = [subject for subject, _ in shop.world.services.told]
    assert subjects == ["shop: drift"]
    assert "monitoring/shop/20261103T002000Z.html" in shop.world.services.told[0][1]


def test_drift_with_new_rows_starts_a_run_that_says_why(shop: Shop) -> None:
    shop.world.upload(500, "a" * 32)
    _, drifted = days(shop, 0, 2, older=8.0)

    assert drifted.decision.execution == "shop-20261103T002000Z"
    assert list(shop.world.services.started) == ["shop-20261103T002000Z"]
    model, reason = shop.world.services.started["shop-20261103T002000Z"]
    assert model == "shop"
    assert reason.startswith("in 2 of the last 2 windows (an alarm takes 2) age differed from training")


def test_labels_count_as_new_rows(shop: Shop) -> None:
    ids = shop.day(0, older=8.0)
    shop.world.label(ids, [True] * len(ids), BEGINNING + timedelta(hours=30))
    shop.world.monitor(shop.evening(0))

    assert days(shop, 1, 2, older=8.0)[0].decision.code == "drift"


def test_drift_without_new_rows_starts_nothing_since_nothing_could_be_learned(shop: Shop) -> None:
    assert days(shop, 0, 2, older=8.0)[1].decision.code == "nothing_new"
    assert shop.world.services.started == {}


def test_the_same_tick_delivered_twice_is_one_report_and_one_run(shop: Shop) -> None:
    shop.world.upload(500, "a" * 32)
    _, drifted = days(shop, 0, 2, older=8.0)

    again = shop.world.monitor(shop.evening(1))

    assert again == drifted
    assert len(shop.world.services.started) == 1
    assert len(shop.world.services.told) == 1


def test_a_report_that_was_not_written_is_made_again_and_starts_the_same_run(shop: Shop) -> None:
    shop.world.upload(500, "a" * 32)
    days(shop, 0, 2, older=8.0)
    key = MonitoringReport.key("shop", shop.evening(1))
    shop.world.store._store.delete(key)

    again = shop.world.monitor(shop.evening(1))

    assert again.decision.execution == "shop-20261103T002000Z"
    assert len(shop.world.services.started) == 1


def test_one_run_at_a_time(shop: Shop) -> None:
    shop.world.upload(500, "a" * 32)
    shop.world.services.running.add("shop")

    assert days(shop, 0, 2, older=8.0)[1].decision.code == "running"


def end_runs(shop: Shop, day: int, **end: Any) -> None:
    """Leave five runs of a day that ended so; without an end they broke off."""
    figures = ModelSummary(Figures("given", shop.version), "given")
    evaluation = replace(make_evaluation(shop.world.definition, figures), **end) if end else None
    for hour in range(1, 6):
        shop.world.ran(f"{BEGINNING + timedelta(days=day, hours=hour):%Y%m%dT%H%M%S}-{hour:06x}", evaluation)


HARMED = TrialOutcome("dismiss", "worse", "It was worse.", "2026-11-03T04:00:00Z", None)
FAILED = GateDecision(False, "all_failed", None, "Every candidate failed.", ())
ENDS: dict[str, tuple[dict[str, Any], str]] = {
    "broke off": ({}, "brake"),
    "failed": ({"decision": FAILED, "outcome": "kept"}, "brake"),
    "refused": ({"decision": replace(FAILED, code="all_refused"), "outcome": "kept"}, "brake"),
    "dismissed for harm": ({"outcome": "dismissed", "trial": HARMED}, "brake"),
    "dismissed undecided": ({"outcome": "dismissed", "trial": replace(HARMED, code="undecided")}, "cooldown"),
    "kept": ({"outcome": "kept"}, "cooldown"),
    "refreshed": ({"outcome": "refreshed"}, "cooldown"),
    "superseded": ({"outcome": "superseded"}, "cooldown"),
}


@pytest.mark.parametrize(("end", "code"), ENDS.values(), ids=ENDS)
def test_failed_runs_brake_an_old_reason_and_kept_ones_slow_it_down(shop: Shop, end: dict[str, Any], code: str) -> None:
    shop.world.upload(500, "a" * 32)
    days(shop, 0, 2, older=8.0)  # a drift begins, and starts the first run
    end_runs(shop, 2, **end)

    reports = days(shop, 2, 4, older=8.0)

    assert [report.decision.code for report in reports] == [code, code]
    stopped = ["shop: retraining has stopped"] if code == "brake" else []
    assert [subject for subject, _ in shop.world.services.told] == ["shop: drift", *stopped]


def test_another_definition_releases_the_brake(shop: Shop) -> None:
    shop.world.upload(500, "a" * 32)
    days(shop, 0, 2, older=8.0)
    end_runs(shop, 2)
    shop.world.define({**DOCUMENT, "training": {**DOCUMENT["training"], "holdout": 0.3}})

    assert days(shop, 2, 3, older=8.0)[0].decision.code == "drift"


def test_a_drift_that_begins_after_failed_runs_releases_the_brake(shop: Shop) -> None:
    shop.world.upload(500, "a" * 32)
    end_runs(shop, 1)

    assert days(shop, 1, 3, older=8.0)[-1].decision.code == "drift"


def test_a_run_that_was_promoted_counts_from_anew(shop: Shop) -> None:
    shop.world.upload(500, "a" * 32)
    days(shop, 0, 2, older=8.0)
    end_runs(shop, 2)
    people, answers, _ = customers(3000, seed=5)
    shop.version = shop.world.serve(people, answers, run="20261103T100000-abcdef", since=BEGINNING + timedelta(days=3))

    assert days(shop, 3, 5, older=8.0)[-1].decision.code == "drift"


def test_a_drift_lasts_until_a_report_denies_it_and_not_because_a_new_version_is_not_judged_yet(shop: Shop) -> None:
    begun = days(shop, 0, 2, older=8.0)[-1].drifted_since
    people, answers, _ = customers(3000, seed=5)
    shop.version = shop.world.serve(people, answers, run="20261103T000000-abcdef", since=BEGINNING + timedelta(days=2))

    assert begun
    assert [report.drifted_since for report in days(shop, 2, 5, older=8.0)] == [begun] * 3
    assert [report.drifted_since for report in days(shop, 5, 9)][-1] is None


def test_a_new_version_is_judged_by_what_it_answers_itself(shop: Shop) -> None:
    days(shop, 0, 2, older=8.0)
    people, answers, _ = customers(3000, seed=5, older=8.0)
    shop.version = shop.world.serve(people, answers, run="20261103T000000-abcdef", since=BEGINNING + timedelta(days=2))

    after = days(shop, 2, 4, older=8.0)

    assert [report.state for report in after] == ["steady", "steady"]
    assert {each.version for each in after[-1].history} == {"20261101T000000-abcdef-given", shop.version}


def test_a_city_that_training_never_saw_is_named(shop: Shop) -> None:
    report = days(shop, 0, 1, city="Atlantis")[0]

    assert report.window is not None
    new = report.window.new_values[0]
    assert (new.feature, new.values) == ("city", ("Atlantis",))
    assert new.share == pytest.approx(0.3, abs=0.08)
    assert "city differed from training" in report.summary


def test_features_to_be_ignored_are_not_tested(shop: Shop) -> None:
    shop.world.define({**DOCUMENT, "monitoring": {"ignore": ["age"]}})
    report = days(shop, 0, 1, older=8.0)[0]
    assert report.state == "steady"
    assert report.window is not None
    assert report.window.distributions_tested == 3


def test_labels_tell_how_good_it_was_with_share_and_delay(shop: Shop) -> None:
    ids = shop.day(0)
    *_, bought = customers(300, seed=1000)
    shop.world.label(ids[:200], bought[:200], BEGINNING + timedelta(hours=36))

    report = shop.world.monitor(BEGINNING + timedelta(hours=48, minutes=20))

    quality = report.quality
    assert quality is not None
    assert quality.measured is not None
    assert quality.measured.rows == 200
    assert quality.share == pytest.approx(2 / 3)
    assert quality.delay_seconds == pytest.approx(28 * 3600, rel=0.05)
    assert 0.8 < quality.measured.value < 1
    assert quality.answer in {"no_worse", "undecided", "better"}


def test_quality_surely_below_the_gate_starts_a_run(shop: Shop) -> None:
    ids = shop.day(0)
    *_, bought = customers(300, seed=1000)
    shop.world.label(ids, [not each for each in bought], BEGINNING + timedelta(hours=20))

    report = shop.world.monitor(shop.evening(0))

    assert report.state == "watch"
    assert report.decision.code == "quality"
    assert "surely worse than the 0.6000 that the gate allows on 300 labelled predictions" in report.decision.reason
    assert [subject for subject, _ in shop.world.services.told] == ["shop: quality worse than the gate allows"]


def test_labels_of_one_class_only_say_nothing_and_why(shop: Shop) -> None:
    ids = shop.day(0)
    shop.world.label(ids, [True] * len(ids), BEGINNING + timedelta(hours=20))

    quality = shop.world.monitor(shop.evening(0)).quality

    assert quality is not None
    assert quality.measured is None
    assert "one class only" in quality.why


def test_before_any_label_a_model_that_is_unsure_is_expected_to_be_worse(shop: Shop) -> None:
    shop.world.define({**DOCUMENT, "gate": {"min_metric": 0.7}})
    sure = days(shop, 0, 1)[0].history[-1].estimated
    reports = days(shop, 1, 3, fuzzy=0.05)
    unsure = reports[-1].history[-1].estimated

    assert sure is not None
    assert unsure is not None
    assert sure.value > 0.8
    assert unsure.value < 0.6 and unsure.high < 0.7
    assert reports[-1].state == "drifted"
    assert "estimated ROC AUC is" in reports[-1].summary


def test_without_a_version_in_service_the_first_run_is_started_when_there_are_rows() -> None:
    world = World.of(Lake(), "shop", {**DOCUMENT, "retraining": {"every": "daily"}})
    assert world.monitor(BEGINNING).decision.code == "nothing_new"
    world.upload(500, "a" * 32)

    report = world.monitor(BEGINNING + timedelta(hours=1))

    assert (report.state, report.decision.code) == ("not_judged", "due")
    assert report.summary == "No version is in service, so there is nothing to monitor."
    assert world.monitor(BEGINNING + timedelta(hours=2)).decision.code == "nothing"


def test_a_hand_started_run_postpones_the_scheduled_one(shop: Shop) -> None:
    shop.world.define({**DOCUMENT, "retraining": {"every": "daily"}})
    shop.world.ran("20261102T100000-00000a")
    assert shop.world.monitor(BEGINNING + timedelta(days=2)).decision.code == "nothing"
    assert shop.world.monitor(BEGINNING + timedelta(days=2, hours=10)).decision.code == "due"


def test_once_values_mean_something_else_one_run_is_started_without_new_rows(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.world.ran("20261102T100000-00000a")
    assert shop.world.monitor(BEGINNING + timedelta(days=2)).decision.code == "nothing"
    monkeypatch.setattr("refrain.monitoring.retraining_facts.preprocessing_version", "9.0.0")
    monkeypatch.setattr("tests.stored.preprocessing_version", "9.0.0")
    assert shop.world.monitor(BEGINNING + timedelta(days=3)).decision.code == "preprocessing"
    shop.world.ran("20261105T100000-00000b")
    assert shop.world.monitor(BEGINNING + timedelta(days=5)).decision.code == "nothing"


def test_a_version_whose_files_are_gone_is_an_error_that_names_it(shop: Shop) -> None:
    shop.world.store._store.delete(version_key("shop", shop.version, "baseline.json"))
    with pytest.raises(BrokenVersion, match="baseline"):
        shop.world.monitor(shop.evening(0))


def test_values_of_a_regression_are_watched_too() -> None:
    random = np.random.default_rng(0)
    document = {
        "task": "regression",
        "target": "price",
        "columns": {"area": {"type": "number"}, "price": {"type": "number"}},
        "training": {"metric": "mae", "candidates": [{"name": "given", "estimator": "sklearn.linear_model.Ridge"}]},
        "gate": {"max_metric": 2.0},
    }
    world = World.of(Lake(), "flats", document)
    area = random.normal(70, 10, 2000)
    rows = [{"area": float(each), "price": float(2 * each + random.normal())} for each in area]
    version = world.serve(rows, 2 * area[:, np.newaxis])
    times = [BEGINNING + timedelta(seconds=200 * place) for place in range(400)]
    ids = world.ask(version, rows[:400], 2 * area[:400, np.newaxis] + 15, times, classes=None)
    world.label(ids, [row["price"] for row in rows[:400]], BEGINNING + timedelta(hours=23))

    report = world.monitor(BEGINNING + timedelta(days=1, minutes=20))

    assert report.window is not None
    assert [each.name for each in report.window.distributions if each.drifted] == ["the value"]
    assert report.window.estimated is not None  # that the answers are wrong, and not the rows, is not to be seen
    assert report.window.estimated.value == pytest.approx(0.8, abs=0.15)
    assert not report.window.estimated_breaks_gate
    assert report.quality is not None
    assert report.quality.breaks_gate
    assert report.quality.measured is not None
    assert report.quality.measured.value == pytest.approx(15, abs=0.5)


@pytest.fixture
def models() -> Lake:
    """A lake in which one of three definitions is broken."""
    lake = Lake()
    for name, text in (("one", GOOD), ("two", GOOD), ("half", "task = ")):
        define(lake, name, text)
    return lake


def test_a_model_is_monitored_by_its_name(models: Lake) -> None:
    answer = monitor_by_name(models, Recorder(), {"model": "two", "now": BEGINNING.isoformat()})

    assert (answer["model"], answer["state"], answer["code"]) == ("two", "not_judged", "nothing")
    assert models.keys("monitoring/") == [
        "monitoring/two/20261101T000000Z.html",
        "monitoring/two/20261101T000000Z.json",
    ]


def test_a_model_without_a_definition_fails(models: Lake) -> None:
    with pytest.raises(UnknownModel):
        monitor_by_name(models, Recorder(), {"model": "three"})


def test_a_broken_definition_fails_its_model_with_an_event(models: Lake, bus: RecordedBus) -> None:
    for _ in range(2):
        with pytest.raises(DefinitionError, match="half"):
            monitor_by_name(models, Recorder(), {"model": "half", "now": BEGINNING.isoformat()})

    ((name, first), (_, again)) = bus.events
    assert (name, first["model"]) == ("DefinitionBroken", "half")
    assert "half.toml: not valid TOML" in first["summary"]
    assert first["id"] == again["id"]


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        ({"model": 3}, "model: expected"),
        ({}, "model: expected"),
        ({"model": "two", "now": "soon"}, "now: expected"),
        ({"model": "two", "at": 1}, "at: unknown"),
    ],
)
def test_an_event_that_cannot_be_used_is_refused_in_words(
    models: Lake, event: dict[str, object], sentence: str
) -> None:
    with pytest.raises(InvalidRequest, match=sentence):
        monitor_by_name(models, Recorder(), event)


def test_without_a_time_it_is_now(models: Lake) -> None:
    answer = monitor_by_name(models, Recorder(), {"model": "one"})

    assert abs(datetime.fromisoformat(str(answer["time"])) - datetime.now(UTC)) < timedelta(minutes=1)
