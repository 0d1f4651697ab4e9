"""The timeline of the demo's stream is read from the lake."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from local.demo.timeline import Block, LakeWatcher, StreamEvent, Timeline

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def at(minute: float) -> datetime:
    return NOON + timedelta(minutes=minute)


@dataclass
class Lake:
    """A client of a stack with a lake in memory and ended runs."""

    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)

    def keys(self, prefix: str) -> list[str]:
        return sorted(key for key in self.objects if key.startswith(prefix))

    def lake(self, key: str) -> bytes:
        return json.dumps(self.objects[key]).encode()

    def execution(self, name: str) -> str:
        return name

    def describe(self, name: str) -> dict[str, Any]:
        return self.runs.get(name, {"status": "RUNNING"})

    def report(self, minute: int, state: str, *, breaks_gate: bool = False, execution: str = "") -> None:
        """Store a monitoring report."""
        self.objects[f"monitoring/flights/{minute:02}.json"] = {
            "time": at(minute).isoformat(),
            "state": state,
            "summary": f"It is {state}.",
            "quality": {"breaks_gate": breaks_gate},
            "decision": {"start": bool(execution), "execution": execution, "reason": "it fell"},
        }

    def move(self, minute: int, event: str, **more: Any) -> None:
        """Append to the log of the deployment."""
        entry = {"time": at(minute).isoformat(), "event": event, "version": "v2", "decision": "It is better.", **more}
        self.objects[f"deployments/flights/log/{minute:02}.json"] = entry


def make_watcher(lake: Lake) -> LakeWatcher:
    return LakeWatcher(cast("Any", lake), "flights")


def kinds_and_texts(events: list[StreamEvent]) -> list[tuple[str, str]]:
    return [(event.kind, event.text) for event in events]


def test_a_run_is_followed_from_the_change_to_the_promotion() -> None:
    lake = Lake()
    lake.move(0, "promoted")
    lake.report(1, "steady")
    lake.report(2, "watch", breaks_gate=True, execution="run-1")
    lake.move(3, "trial_started")
    lake.report(4, "drifted", breaks_gate=True)
    lake.move(5, "promoted", trial={"reason": "It did well."})

    watcher = make_watcher(lake)

    assert kinds_and_texts(watcher.new_events()) == [
        ("change_seen", "It is watch."),
        ("run_started", "It fell."),
        ("trial_started", "v2 runs beside the champion. It is better."),
        ("change_seen", "It is drifted."),
        ("promoted", "v2 replaces the champion. It did well."),
    ]
    assert (watcher.reported_at, watcher.first_page) == (at(4), "monitoring/flights/02.html")
    assert watcher.new_events() == []


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ({"outcome": "kept", "reason": "It is no better."}, "It is no better."),
        ({"why": "Nothing is new."}, "Nothing is new."),
    ],
)
def test_a_run_without_a_trial_is_reported_at_its_end(output: dict[str, str], words: str) -> None:
    lake = Lake()
    lake.report(1, "drifted", execution="run-1")
    watcher = make_watcher(lake)
    watcher.new_events()

    lake.runs["run-1"] = {"status": "SUCCEEDED", "output": json.dumps(output), "stopDate": at(3)}

    assert [watcher.new_events(), watcher.new_events()] == [[StreamEvent(at(3), "kept", words)], []]


@pytest.mark.parametrize(("code", "kind"), [("worse", "dismissed"), ("too_few_rows", "kept")])
def test_a_trial_with_too_few_rows_counts_as_kept_and_not_as_dismissed(code: str, kind: str) -> None:
    lake = Lake()
    lake.move(1, "dismissed", trial={"code": code, "reason": "It was so."})

    assert kinds_and_texts(make_watcher(lake).new_events()) == [(kind, "v2 is dismissed. It was so.")]


def test_only_a_dismissal_after_the_mistake_ends_its_harm() -> None:
    timeline = Timeline(13, events=[StreamEvent(at(1), "dismissed", ""), StreamEvent(at(2), "mistake", "")])
    assert not timeline.harm_ended

    timeline.events.append(StreamEvent(at(3), "dismissed", ""))
    assert timeline.harm_ended


def test_an_event_stands_between_the_blocks_before_and_after_it() -> None:
    blocks = [Block("2013-04-10", 8, 8, "v1", at(minute)) for minute in range(4)]

    assert Timeline(13, blocks).blocks_before(StreamEvent(at(1.5), "kept", "")) == 2
