"""The template's schedules are followed on one machine."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local import schedules
from local.errors import TemplateError, TooManyCalls
from local.runtime_api import Answer
from local.schedules import EveryPeriod, Schedule, Ticker, read_schedules
from local.template import Template, read_template

PROJECT = Path(__file__).resolve().parents[3]
TEMPLATE = read_template(PROJECT / "template.yaml")
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LONG = 30


def monitoring_schedule(**properties: Any) -> Template:
    """The template with other properties of its schedule."""
    function = TEMPLATE.resources["MonitoringFunction"]
    event = function.properties["Events"]["EachHour"]
    changed = {**event, "Properties": {**event["Properties"], **properties}}
    other = replace(function, properties={**function.properties, "Events": {"EachHour": changed}})
    return replace(TEMPLATE, resources={**TEMPLATE.resources, "MonitoringFunction": other})


def due_times(template: Template, count: int, tick: float | None = None) -> list[str]:
    (schedule,) = read_schedules(template, tick)
    due, results = NOON, []
    for _ in range(count):
        due = schedule.times.after(due)
        results.append(f"{due:%d %H:%M:%S}")
    return results


def test_monitoring_is_called_20_minutes_past_each_hour_with_the_due_time() -> None:
    (schedule,) = read_schedules(TEMPLATE)

    assert schedule.function == "refrain-monitoring-function"
    assert due_times(TEMPLATE, 2) == ["24 12:20:00", "24 13:20:00"]
    assert json.loads(schedule.event(schedule.times.after(NOON))) == {"now": "2026-11-24T12:20:00Z"}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("rate(5 minutes)", ["24 12:05:00", "24 12:10:00"]),
        ("rate(1 hour)", ["24 13:00:00", "24 14:00:00"]),
        ("cron(0 6 * * ? *)", ["25 06:00:00", "26 06:00:00"]),
        ("cron(5,35 * * * ? *)", ["24 12:05:00", "24 12:35:00"]),
        ("cron(0/30 9/6 * * ? *)", ["24 15:00:00", "24 15:30:00"]),
    ],
)
def test_rates_and_daily_times_are_understood(expression: str, expected: list[str]) -> None:
    assert due_times(monitoring_schedule(ScheduleExpression=expression), 2) == expected


def test_a_tick_overrides_all_schedules_and_zero_turns_them_off() -> None:
    assert due_times(TEMPLATE, 2, tick=2) == ["24 12:00:02", "24 12:00:04"]
    assert read_schedules(TEMPLATE, tick=0) == []


@pytest.mark.parametrize(
    "properties",
    [
        {"ScheduleExpression": "cron(20 * * * MON *)"},
        {"ScheduleExpression": "cron(20 * 1 * ? *)"},
        {"ScheduleExpression": "cron(61 * * * ? *)"},
        {"ScheduleExpression": "rate(0 minutes)"},
        {"ScheduleExpression": "at(2026-11-24T12:00:00)"},
        {"ScheduleExpressionTimezone": "Europe/Berlin"},
        {"Input": '{"by": "<aws.scheduler.schedule-arn>"}'},
    ],
    ids=str,
)
def test_an_unsupported_schedule_is_refused_by_name(properties: dict[str, str]) -> None:
    with pytest.raises(TemplateError, match=r"MonitoringFunction\.EachHour: "):
        read_schedules(monitoring_schedule(**properties))


@pytest.mark.parametrize("tick", [0.5, -1.0])
def test_a_tick_shorter_than_a_second_is_refused(tick: float) -> None:
    with pytest.raises(TemplateError, match="at least 1 second"):
        read_schedules(TEMPLATE, tick)


def test_calls_of_a_schedule_never_overlap_and_missed_ticks_are_skipped() -> None:
    ticks: list[str] = []
    overlapped, enough, busy = threading.Event(), threading.Event(), threading.Lock()

    def call(event: bytes) -> Answer:
        if not busy.acquire(blocking=False):
            overlapped.set()
        ticks.append(json.loads(event)["now"])
        threading.Event().wait(0.05)  # ten ticks are due meanwhile
        busy.release()
        if len(ticks) == 3:
            enough.set()
        return Answer(b"null")

    ticker = Ticker(
        Schedule("f", EveryPeriod(timedelta(milliseconds=5)), '{"now": "<aws.scheduler.scheduled-time>"}'), call
    )
    assert enough.wait(LONG)
    ticker.stop()
    ticker.join()

    assert not overlapped.is_set()


@pytest.mark.parametrize(
    ("failures", "calls"),
    [
        ([None], 1),
        ([Answer(b"{}", failed=True), None], 2),
        ([Answer(b"{}", failed=True)] * 9, 3),
        ([TooManyCalls()] * 7 + [None], 8),
    ],
    ids=["a success", "a failure", "failures", "an account at its limit"],
)
def test_an_event_is_tried_three_times_and_waits_for_the_limit_of_the_account(
    monkeypatch: pytest.MonkeyPatch, failures: list[Answer | TooManyCalls | None], calls: int
) -> None:
    monkeypatch.setattr(schedules, "RETRY_SECONDS", 0.001)
    events: list[bytes] = []

    def call(event: bytes) -> Answer:
        events.append(event)
        failure = failures[len(events) - 1]
        if isinstance(failure, TooManyCalls):
            raise failure
        return failure or Answer(b"null")

    ticker = Ticker(Schedule("f", EveryPeriod(timedelta(days=1)), "{}"), call)
    ticker._call(b"the event")
    ticker.stop()

    assert events == [b"the event"] * calls


def test_a_stopped_ticker_makes_no_more_calls_and_accepts_a_closed_function() -> None:
    called, close = threading.Event(), threading.Event()
    calls = []

    def call(_event: bytes) -> Answer:
        calls.append(1)
        called.set()
        assert close.wait(LONG)
        raise RuntimeError("the local cloud is stopping")

    ticker = Ticker(Schedule("f", EveryPeriod(timedelta(milliseconds=5)), "{}"), call)
    assert called.wait(LONG)
    ticker.stop()
    close.set()
    ticker.join()

    assert calls == [1]
