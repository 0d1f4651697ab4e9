"""What the demo tells of its stream: moments read from the lake, and the picture drawn of them."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from local.demo.stream_page import NAMES, mean_errors, render_stream_page
from local.demo.timeline import Block, LakeWatcher, StreamEvent, Timeline

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def at(minute: float) -> datetime:
    return NOON + timedelta(minutes=minute)


@dataclass
class Lake:
    """A stage with a lake in memory, and runs that have ended."""

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

    def look(self, minute: int, state: str, *, breaks_gate: bool = False, execution: str = "") -> None:
        """Keep a look."""
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


def watch(lake: Lake) -> LakeWatcher:
    return LakeWatcher(cast("Any", lake), "flights")


def told(moments: list[StreamEvent]) -> list[tuple[str, str]]:
    return [(moment.kind, moment.words) for moment in moments]


def test_a_run_is_told_from_what_was_seen_to_who_took_over() -> None:
    lake = Lake()
    lake.move(0, "promoted")
    lake.look(1, "steady")
    lake.look(2, "watch", breaks_gate=True, execution="run-1")
    lake.move(3, "trial_started")
    lake.look(4, "drifted", breaks_gate=True)
    lake.move(5, "promoted", trial={"reason": "It did well."})

    watching = watch(lake)

    assert told(watching.news()) == [
        ("seen", "It is watch."),
        ("run", "It fell."),
        ("trial", "v2 is asked beside the champion. It is better."),
        ("seen", "It is drifted."),
        ("promoted", "v2 takes over. It did well."),
    ]
    assert (watching.looked, watching.page) == (at(4), "monitoring/flights/02.html")
    assert watching.news() == []


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ({"outcome": "kept", "reason": "It is no better."}, "It is no better."),
        ({"why": "Nothing is new."}, "Nothing is new."),
    ],
)
def test_a_run_without_a_trial_is_told_when_it_has_ended(output: dict[str, str], words: str) -> None:
    lake = Lake()
    lake.look(1, "drifted", execution="run-1")
    watching = watch(lake)
    watching.news()

    lake.runs["run-1"] = {"status": "SUCCEEDED", "output": json.dumps(output), "stopDate": at(3)}

    assert [watching.news(), watching.news()] == [[StreamEvent(at(3), "kept", words)], []]


@pytest.mark.parametrize(("code", "kind"), [("worse", "dismissed"), ("too_few_rows", "kept")])
def test_a_challenger_that_did_harm_is_told_apart_from_one_that_was_not_tried_enough(code: str, kind: str) -> None:
    lake = Lake()
    lake.move(1, "dismissed", trial={"code": code, "reason": "It was so."})

    assert told(watch(lake).news()) == [(kind, "v2 is dismissed. It was so.")]


def test_a_dismissal_counts_as_the_end_of_the_mistake_only_after_it() -> None:
    account = Timeline(13, moments=[StreamEvent(at(1), "dismissed", ""), StreamEvent(at(2), "planted", "")])
    assert not account.harm_ended

    account.moments.append(StreamEvent(at(3), "dismissed", ""))
    assert account.harm_ended


@pytest.fixture
def account() -> Timeline:
    """Four blocks, with a moment of each kind after the second."""
    blocks = [
        Block(f"2013-04-{10 + place}", answered, first, "v1", at(place))
        for place, (answered, first) in enumerate([(8, 8), (16, 16), (9, 18), (7, 22)])
    ]
    return Timeline(13, blocks, [StreamEvent(at(1.5), kind, f"<{kind}>") for kind in NAMES])


def test_a_moment_stands_between_the_blocks_before_and_after_it(account: Timeline) -> None:
    assert account.place(account.moments[0]) == 2
    assert mean_errors(account) == (10.0, 16.0)


def test_the_picture_has_both_lines_every_moment_and_its_words(account: Timeline) -> None:
    page = render_stream_page(account)

    drawing = ElementTree.fromstring(page[page.index("<svg") : page.index("</svg>") + len("</svg>")])
    lines = [each.get("class") for each in drawing.iter("path") if "line" in str(each.get("class"))]
    written = [each.text for each in drawing.iter("text")]
    assert lines == ["line champion is-champion", "line s1 focus"]
    assert {str(number) for number, _ in enumerate(NAMES, 1)} <= set(written)
    assert "10.0 minutes off on average, where the first version alone would have been 16.0" in page
    assert all(f"&lt;{kind}&gt;" in page and name in page for kind, name in NAMES.items())


def test_the_picture_can_be_drawn_of_a_stream_in_which_nothing_happened(account: Timeline) -> None:
    page = render_stream_page(Timeline(13, account.blocks[:1]))

    assert "8.0 minutes off on average" in page
    assert "dismissed." not in page
