"""Starts state machines on the template's schedules, as EventBridge Scheduler does, or more often for a demo.

It understands `rate(…)`, and `cron(…)` with any minutes and hours of every day. The template needs no more.
"""

import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from local.errors import TemplateError
from local.template import Template

MIN_TICK_SECONDS = 1.0
"""Ticks carry their time to the second."""

LOOK_SECONDS = 0.1
"""Seconds between two looks at an execution that runs."""

_SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"
_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_CRON = re.compile(r"cron\((\S+) (\S+) \* \* \? \*\)")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class DueTimes(Protocol):
    """The times at which a schedule is due."""

    def after(self, time: datetime) -> datetime:
        """Return the first due time after a time (UTC)."""


@dataclass(frozen=True)
class EveryPeriod:
    """Due after each period, counted from 1970."""

    period: timedelta

    def after(self, time: datetime) -> datetime:
        """Return the first due time after a time.

        >>> EveryPeriod(timedelta(minutes=15)).after(datetime(2026, 11, 24, 12, 20, tzinfo=UTC)).isoformat()
        '2026-11-24T12:30:00+00:00'
        """
        return _EPOCH + ((time - _EPOCH) // self.period + 1) * self.period


@dataclass(frozen=True)
class Daily:
    """Due at these minutes of these hours of every day."""

    minutes: frozenset[int]
    hours: frozenset[int]

    def after(self, time: datetime) -> datetime:
        """Return the first due time after a time.

        >>> Daily(frozenset({20}), frozenset(range(24))).after(datetime(2026, 11, 24, 23, 20, tzinfo=UTC)).isoformat()
        '2026-11-25T00:20:00+00:00'
        """
        due = time.replace(second=0, microsecond=0) + timedelta(minutes=1)
        while due.minute not in self.minutes or due.hour not in self.hours:
            due += timedelta(minutes=1)
        return due


@dataclass(frozen=True)
class Schedule:
    """A state machine (by its logical id), its due times and its input."""

    machine: str
    times: DueTimes
    input: str

    def input_at(self, time: datetime) -> str:
        """Make the input of one tick."""
        return self.input.replace(_SCHEDULED_TIME, f"{time:%Y-%m-%dT%H:%M:%SZ}")


def read_schedules(template: Template, tick: float | None = None) -> list[Schedule]:
    """Read every schedule of the template; `tick` overrides their times with a period in seconds, 0 with never.

    Raises:
        TemplateError: a schedule cannot be understood, or the tick is too short.
    """
    if tick is not None and tick != 0 and tick < MIN_TICK_SECONDS:
        raise TemplateError(f"A tick takes at least {MIN_TICK_SECONDS:g} second (or 0 for never), got {tick:g}.")
    schedules = list(_schedules(template, EveryPeriod(timedelta(seconds=tick)) if tick else None))
    return [] if tick == 0 else schedules


class Ticker:
    """Follows one schedule until it is stopped. Ticks during an execution are skipped, so executions never overlap.

    `client` is one of Step Functions, and `machine` an ARN.
    """

    def __init__(self, schedule: Schedule, client: Any, machine: str) -> None:
        self._schedule = schedule
        self._client = client
        self._machine = machine
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Start no more executions; a running one is left alone."""
        self._stopping.set()

    def join(self) -> None:
        """Wait until no execution is started any more."""
        self._thread.join()

    def _run(self) -> None:
        due = self._schedule.times.after(datetime.now(UTC))
        while not self._stopping.wait(max((due - datetime.now(UTC)).total_seconds(), 0.0)):
            self._execute(self._schedule.input_at(due))
            due = self._schedule.times.after(max(due, datetime.now(UTC)))

    def _execute(self, request: str) -> None:
        execution = self._client.start_execution(stateMachineArn=self._machine, input=request)["executionArn"]
        while self._client.describe_execution(executionArn=execution)["status"] == "RUNNING":
            if self._stopping.wait(LOOK_SECONDS):
                return


def _schedules(template: Template, override: DueTimes | None) -> Iterator[Schedule]:
    for owner in template.resources.values():
        for name, event in owner.properties.get("Events", {}).items():
            if event["Type"] == "ScheduleV2":
                properties, title = event["Properties"], f"{owner.logical_id}.{name}"
                if owner.type != "AWS::Serverless::StateMachine":
                    raise TemplateError(f"{title}: this machine understands only schedules of state machines.")
                times = _times(properties, title)
                yield Schedule(owner.logical_id, override or times, _input(properties, title))


def _times(properties: Mapping[str, Any], title: str) -> DueTimes:
    expression = str(properties["ScheduleExpression"])
    if str(properties.get("ScheduleExpressionTimezone", "UTC")) == "UTC":
        if (rate := _RATE.fullmatch(expression)) and int(rate[1]):
            return EveryPeriod(timedelta(**{f"{rate[2]}s": int(rate[1])}))
        if cron := _CRON.fullmatch(expression):
            minutes, hours = _numbers(cron[1], 60), _numbers(cron[2], 24)
            if minutes and hours:
                return Daily(minutes, hours)
    raise TemplateError(
        f"{title}: this machine understands only schedules such as rate(15 minutes) and cron(20 0/6 * * ? *), in UTC, "
        f"not {expression}."
    )


def _numbers(text: str, end: int) -> frozenset[int]:
    """Read minutes or hours; none when they cannot be read.

    >>> sorted(_numbers("5,35", 60)), sorted(_numbers("0/6", 24)), len(_numbers("*", 24)), _numbers("77", 60)
    ([5, 35], [0, 6, 12, 18], 24, frozenset())
    """
    if text == "*":
        return frozenset(range(end))
    if steps := re.fullmatch(r"(\d+|\*)/([1-9]\d*)", text):
        return frozenset(range(0 if steps[1] == "*" else int(steps[1]), end, int(steps[2])))
    numbers = frozenset(map(int, text.split(","))) if re.fullmatch(r"\d+(,\d+)*", text) else frozenset[int]()
    return numbers if all(number < end for number in numbers) else frozenset()


def _input(properties: Mapping[str, Any], title: str) -> str:
    text = str(properties.get("Input", "{}"))
    unknown = re.findall(r"<aws\.scheduler\.[^>]*>", text.replace(_SCHEDULED_TIME, ""))
    if unknown:
        raise TemplateError(f"{title}: this machine cannot fill in {', '.join(unknown)}.")
    return text
