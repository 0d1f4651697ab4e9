"""Predictions and labels, side by side."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from preprocessing import parse_definition
from refrain.lake.capture.predictions import Captured, CapturedRow, join_labels
from refrain.lake.label import Label
from tests.unit.serving.tiny import candidate

NOON = np.datetime64("2026-11-23T12:00:00", "us")
HOUR = np.timedelta64(3600, "s")


def row(identity: str, hours: int = 0, **changes: Any) -> CapturedRow:
    facts: dict[str, Any] = {"version": "v1", "instance": {}, "answer": (0.5, 0.5), "classes": ("no", "yes")}
    return CapturedRow(id=identity, time=NOON + hours * HOUR, milliseconds=1.0, **facts | changes)


def label(value: object, hours: int = 0) -> Label:
    return Label(value, NOON + hours * HOUR)


def test_a_label_finds_its_prediction_and_what_is_left_over_is_told() -> None:
    captured = Captured([row("a"), row("b"), row("c", 1)], damaged=2)

    joined = join_labels(captured, {"c": label("yes", 30), "a": label("no", 2), "nobody": label("no")})

    assert joined.captured.ids == ["a", "c"]
    assert joined.values.tolist() == ["no", "yes"]
    assert (joined.unmatched, joined.unlabelled, joined.captured.damaged) == (("nobody",), 1, 2)


def test_a_late_label_counts_for_the_window_of_its_prediction() -> None:
    joined = join_labels(Captured([row("a", 0)]), {"a": label("no", 240)})

    assert joined.captured.times.tolist() == [NOON.item()]
    assert joined.delays.tolist() == [240 * 3600.0]


def test_labels_become_a_typed_column_and_those_of_no_use_are_named() -> None:
    columns = {"x": {"type": "number"}, "y": {"type": "category", "lower": True, "allowed": ["no", "yes"]}}
    document = {"task": "classification", "target": "y", "columns": columns, "training": candidate("Ridge")}
    definition = parse_definition("shops", document, "shops.toml")

    target, problems = join_labels(
        Captured([row("a"), row("b")]), {"a": label("YES"), "b": label("of an earlier definition")}
    ).target(definition)

    assert target.tolist() == ["yes", None]
    assert [(problem.row, problem.reason) for problem in problems] == [(1, "expected one of no, yes")]


def test_nothing_and_nothing_is_nothing() -> None:
    joined = join_labels(Captured([]), {})

    assert len(joined) == 0
    assert joined.delays.shape == (0,)


@given(st.sets(st.sampled_from("abcdefgh")), st.permutations("abcdefgh"))
def test_the_order_of_labels_does_not_matter(known: set[str], order: list[str]) -> None:
    captured = Captured([row(name) for name in sorted(known)])

    joined = join_labels(captured, {name: label(name) for name in order})

    assert joined.captured.ids == sorted(known)
    assert joined.values.tolist() == sorted(known)
    assert joined.unmatched == tuple(sorted(set(order) - known))
