"""Whether to retrain: a table of facts and what follows from them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from preprocessing import Retraining
from refrain.monitoring.retraining_decision import RetrainingFacts, decide_retraining, is_due

NOW = datetime(2026, 11, 23, 12, 20, tzinfo=UTC)
RULES = Retraining("never", 0, False, 6 * 3600.0, 5, None)
BEFORE, SINCE = NOW - timedelta(days=3), NOW - timedelta(days=1)  # the last run was two days ago
WEEK = timedelta(weeks=1)


def facts(rules: dict[str, Any], **found: Any) -> RetrainingFacts:
    ordinary: dict[str, Any] = {"last_run": NOW - timedelta(days=2), "trained": NOW - timedelta(days=9), "new_rows": 10}
    return RetrainingFacts(now=NOW, rules=replace(RULES, **rules), **(ordinary | found))


TABLE: list[tuple[str, dict[str, Any], dict[str, Any], bool, str]] = [
    ("nothing is asked for", {}, {}, False, "nothing"),
    ("the schedule is not due", {"every": "weekly"}, {}, False, "nothing"),
    ("the schedule is due", {"every": "weekly"}, {"last_run": NOW - WEEK}, True, "due"),
    (
        "the schedule is due and nothing is new",
        {"every": "weekly"},
        {"last_run": NOW - WEEK, "new_rows": 0},
        True,
        "due",
    ),
    ("the first run", {"every": "weekly"}, {"last_run": None, "trained": None}, True, "due"),
    ("the first run without data", {"every": "weekly"}, {"last_run": None, "new_rows": 0}, False, "nothing_new"),
    ("an hourly run within the cooldown", {"every": "hourly"}, {"last_run": NOW - timedelta(hours=1)}, True, "due"),
    ("enough new rows", {"new_rows": 10}, {}, True, "new_rows"),
    ("not enough new rows", {"new_rows": 11}, {}, False, "nothing"),
    ("drift", {"on_drift": True}, {"drifted": "age has drifted"}, True, "drift"),
    ("drift that nobody asked about", {}, {"drifted": "age has drifted"}, False, "nothing"),
    ("drift and nothing new", {"on_drift": True}, {"drifted": "age has", "new_rows": 0}, False, "nothing_new"),
    ("bad quality", {}, {"quality": "AUC is 0.7"}, True, "quality"),
    ("bad quality and drift", {"on_drift": True}, {"quality": "AUC is 0.7", "drifted": "age has"}, True, "quality"),
    ("old age", {"max_age": 8 * 86400.0}, {}, True, "age"),
    ("not yet old", {"max_age": 10 * 86400.0}, {}, False, "nothing"),
    ("a run is under way", {"new_rows": 10}, {"running": True}, False, "running"),
    ("a run is under way and another due", {"every": "hourly"}, {"running": True}, False, "running"),
    ("within the cooldown", {"new_rows": 10}, {"last_run": NOW - timedelta(hours=5)}, False, "cooldown"),
    ("after the cooldown", {"new_rows": 10}, {"last_run": NOW - timedelta(hours=6)}, True, "new_rows"),
    ("no cooldown", {"new_rows": 10, "cooldown": 0.0}, {"last_run": NOW - timedelta(hours=1)}, True, "new_rows"),
    ("too many failed runs", {"new_rows": 10}, {"unpromoted": 5, "failed": 5}, False, "brake"),
    ("too many failed runs, and one due", {"every": "hourly"}, {"unpromoted": 5, "failed": 5}, True, "due"),
    ("nearly too many failed runs", {"new_rows": 10}, {"unpromoted": 4, "failed": 4}, True, "new_rows"),
    ("many runs that kept the champion", {"new_rows": 10}, {"unpromoted": 4}, True, "new_rows"),
    ("so many that the cooldown is longer", {"new_rows": 10}, {"unpromoted": 5}, False, "cooldown"),
    ("many, and one due", {"every": "daily", "new_rows": 10}, {"unpromoted": 19}, True, "new_rows"),
    (
        "a doubled cooldown ends after a week",
        {"new_rows": 10},
        {"unpromoted": 99, "last_run": NOW - WEEK},
        True,
        "new_rows",
    ),
    (
        "a cooldown of more than a week is not shortened",
        {"new_rows": 10, "cooldown": 8 * 86400.0},
        {"unpromoted": 19, "last_run": NOW - WEEK},
        False,
        "cooldown",
    ),
    *(
        row
        for name, rules in (("drifted", {"on_drift": True}), ("quality", {}))
        for code in [{"drifted": "drift"}.get(name, name)]
        for row in [
            (f"{name} before failed runs", rules, {name: "x", f"{name}_since": BEFORE, "failed": 5}, False, "brake"),
            (f"{name} after failed runs", rules, {name: "x", f"{name}_since": SINCE, "failed": 5}, True, code),
            (
                f"{name} before kept runs",
                rules,
                {name: "x", f"{name}_since": BEFORE, "unpromoted": 9},
                False,
                "cooldown",
            ),
            (f"{name} after kept runs", rules, {name: "x", f"{name}_since": SINCE, "unpromoted": 9}, True, code),
        ]
    ),
    (
        "drift after failed runs that nobody asked about",
        {"new_rows": 10},
        {"drifted": "x", "drifted_since": SINCE, "failed": 5},
        False,
        "brake",
    ),
    (
        "drift after kept runs within the plain cooldown",
        {"on_drift": True},
        {"drifted": "x", "drifted_since": NOW, "unpromoted": 9, "last_run": NOW - timedelta(hours=5)},
        False,
        "cooldown",
    ),
    ("another meaning of values", {}, {"is_read_anew": True, "new_rows": 0}, True, "preprocessing"),
    ("another meaning of values and drift", {"on_drift": True}, {"is_read_anew": True, "drifted": "x"}, True, "drift"),
    ("another meaning of values within the cooldown", {}, {"is_read_anew": True, "last_run": NOW}, False, "cooldown"),
    ("another meaning of values and the brake", {}, {"is_read_anew": True, "failed": 5}, True, "preprocessing"),
    ("the brake with nothing to stop", {}, {"failed": 9}, False, "nothing"),
]


@pytest.mark.parametrize(("rules", "found", "start", "code"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_the_decision(rules: dict[str, Any], found: dict[str, Any], start: bool, code: str) -> None:
    verdict = decide_retraining(facts(rules, **found))

    assert (verdict.start, verdict.code) == (start, code)
    assert verdict.reason


def test_the_reason_tells_all_that_holds() -> None:
    verdict = decide_retraining(
        facts({"on_drift": True, "new_rows": 10}, drifted="age has drifted", quality="AUC is 0.7")
    )
    assert verdict.reason == "AUC is 0.7, age has drifted and 10 rows are new since the last run"


def test_the_reason_is_never_longer_than_a_run_takes() -> None:
    assert len(decide_retraining(facts({}, quality="x" * 900)).reason) == 500


@pytest.mark.parametrize(
    ("every", "last", "now", "due"),
    [
        ("hourly", (2026, 11, 23, 11, 20), (2026, 11, 23, 12, 20), True),
        ("hourly", (2026, 11, 23, 11, 20, 30), (2026, 11, 23, 12, 20), True),
        ("hourly", (2026, 11, 23, 11, 40), (2026, 11, 23, 12, 20), False),
        ("daily", (2026, 11, 22, 12, 20), (2026, 11, 23, 12, 20), True),
        ("monthly", (2026, 1, 31, 12), (2026, 2, 28, 12), True),
        ("monthly", (2026, 12, 15), (2027, 1, 14), False),
        ("monthly", (2026, 12, 15), (2027, 1, 15), True),
        ("never", (2020, 1, 1), (2026, 1, 1), False),
    ],
)
def test_a_schedule_is_due(every: str, last: tuple[int, ...], now: tuple[int, ...], due: bool) -> None:
    assert is_due(every, datetime(*last), datetime(*now)) is due  # type: ignore[arg-type]
