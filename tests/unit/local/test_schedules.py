"""The template's schedules are followed on one machine."""

from __future__ import annotations

import json
import math
import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local import schedules
from local.errors import TemplateError
from local.schedules import EveryPeriod, Schedule, Ticker, read_schedules
from local.template import Template, read_template

PROJECT = Path(__file__).resolve().parents[3]
TEMPLATE = read_template(PROJECT / "template.yaml")
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LONG = 30


def monitoring_schedule(**properties: Any) -> Template:
    """The template with other properties of its schedule."""
    event = TEMPLATE.resources["MonitoringStateMachine"].properties["Events"]["EachHour"]
    return with_schedule("MonitoringStateMachine", {**event, "Properties": {**event["Properties"], **properties}})


def with_schedule(owner: str, event: dict[str, Any]) -> Template:
    resource = TEMPLATE.resources[owner]
    other = replace(resource, properties={**resource.properties, "Events": {"EachHour": event}})
    return replace(TEMPLATE, resources={**TEMPLATE.resources, owner: other})


def due_times(template: Template, count: int, tick: float | None = None) -> list[str]:
    (schedule,) = read_schedules(template, tick)
    due, results = NOON, []
    for _ in range(count):
        due = schedule.times.after(due)
        results.append(f"{due:%d %H:%M:%S}")
    return results


def test_monitoring_is_started_20_minutes_past_each_hour_with_the_due_time() -> None:
    (schedule,) = read_schedules(TEMPLATE)

    assert schedule.machine == "MonitoringStateMachine"
    assert due_times(TEMPLATE, 2) == ["24 12:20:00", "24 13:20:00"]
    assert json.loads(schedule.input_at(schedule.times.after(NOON))) == {"now": "2026-11-24T12:20:00Z"}


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
    with pytest.raises(TemplateError, match=r"MonitoringStateMachine\.EachHour: "):
        read_schedules(monitoring_schedule(**properties))


def test_a_schedule_of_a_function_is_refused_and_not_left_out() -> None:
    event = TEMPLATE.resources["MonitoringStateMachine"].properties["Events"]["EachHour"]

    with pytest.raises(TemplateError, match=r"MonitoringFunction\.EachHour: .* state machines"):
        read_schedules(with_schedule("MonitoringFunction", event))


@pytest.mark.parametrize("tick", [0.5, -1.0])
def test_a_tick_shorter_than_a_second_is_refused(tick: float) -> None:
    with pytest.raises(TemplateError, match="at least 1 second"):
        read_schedules(TEMPLATE, tick)


@dataclass
class StepFunctions:
    """Executions that run for a few looks, or until the end of the test."""

    looks: float
    requests: list[str] = field(default_factory=list)
    enough: threading.Event = field(default_factory=threading.Event)
    overlapped: bool = False
    running: float = 0

    def start_execution(self, stateMachineArn: str, input: str) -> dict[str, str]:  # noqa: N803, A002
        self.overlapped |= self.running > 0
        self.requests.append(input)
        self.running = self.looks
        if len(self.requests) == 3 or self.looks == math.inf:
            self.enough.set()
        return {"executionArn": f"{stateMachineArn}:{len(self.requests)}"}

    def describe_execution(self, executionArn: str) -> dict[str, str]:  # noqa: N803
        assert executionArn == f"arn:{len(self.requests)}"
        self.running -= 1
        return {"status": "RUNNING" if self.running > 0 else "FAILED"}


OFTEN = Schedule("Machine", EveryPeriod(timedelta(milliseconds=5)), '{"now": "<aws.scheduler.scheduled-time>"}')


def test_executions_of_a_schedule_never_overlap_and_a_failed_one_is_not_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(schedules, "LOOK_SECONDS", 0.01)
    client = StepFunctions(looks=3)  # some ticks are due meanwhile

    ticker = Ticker(OFTEN, client, "arn")
    assert client.enough.wait(LONG)
    ticker.stop()
    ticker.join()

    assert not client.overlapped
    assert all(json.loads(request)["now"] for request in client.requests)


def test_a_stopped_ticker_starts_nothing_more_and_leaves_a_running_execution_alone() -> None:
    client = StepFunctions(looks=math.inf)

    ticker = Ticker(OFTEN, client, "arn")
    assert client.enough.wait(LONG)
    ticker.stop()
    ticker.join()

    assert len(client.requests) == 1
