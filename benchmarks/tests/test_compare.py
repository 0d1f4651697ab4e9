"""A figure that has become worse is shown to be, whichever way its better is."""

from __future__ import annotations

import pytest

from benchmarks.compare import compared, figures
from benchmarks.result import Group, Line, Part, Row


def row(name: str, kind: str, value: float) -> Row:
    """A row with one figure."""
    return Row(name, kind, value, value, value)  # type: ignore[arg-type]


def document(*groups: Group, lines: tuple[Line, ...] = ()) -> dict[str, object]:
    """What a run with one part writes."""
    return {"parts": [Part("cold", "Cold start", groups, lines).document()]}


def start(ours: float, floor: float) -> Group:
    """A group with a floor, where less is better."""
    return Group("first answer", "ms", (row("hello", "floor", floor), row("Refrain", "ours", ours)), "hello")


def rate(ours: float, floor: float) -> Group:
    """The same, where more is better."""
    rows = (row("hello", "floor", floor), row("Refrain", "ours", ours))
    return Group("eight clients", "a second", rows, "hello", more_is_better=True)


def said(before: dict[str, object], now: dict[str, object]) -> list[str]:
    """All lines but the last, which counts."""
    *lines, _ = compared(figures(before), figures(now))
    return lines


def test_what_takes_longer_than_its_floor_did_is_worse() -> None:
    assert said(document(start(200, 40)), document(start(300, 40))) == ["× 1.50  cold: first answer: Refrain  WORSE"]


def test_a_slower_machine_makes_nothing_worse() -> None:
    assert said(document(start(200, 40)), document(start(400, 80))) == ["× 1.00  cold: first answer: Refrain"]


def test_where_more_is_better_less_is_worse() -> None:
    assert said(document(rate(900, 1000)), document(rate(450, 1000))) == ["× 2.00  cold: eight clients: Refrain  WORSE"]
    assert said(document(rate(450, 1000)), document(rate(900, 1000))) == ["× 0.50  cold: eight clients: Refrain"]


def test_without_a_floor_the_figures_themselves_are_compared() -> None:
    before, now = (Group("errors", "", (row("wrong", "ours", count),)) for count in (0.0, 2.0))

    assert said(document(before), document(before)) == ["× 1.00  cold: errors: wrong"]
    assert said(document(before), document(now)) == ["× inf   cold: errors: wrong  WORSE"]


def test_what_only_one_run_measured_is_named() -> None:
    assert said(document(start(200, 40)), document(rate(900, 1000))) == [
        "gone    cold: first answer: Refrain",
        "new     cold: eight clients: Refrain",
    ]


def test_lines_are_compared_point_by_point_but_not_those_over_time() -> None:
    growth = [Line("Models", "models", "µs", (1.0, 10.0), {"hot": (50.0, last)}) for last in (50.0, 80.0)]
    course = Line("Load", "minutes", "ms", (1.0, 2.0), {"p99": (9.0, 9.0)}, course=True)
    before, now = (document(lines=(line, course)) for line in growth)

    assert said(before, now) == ["× 1.00  cold: Models: hot, 1", "× 1.60  cold: Models: hot, 10  WORSE"]


@pytest.mark.parametrize("kind", ["floor", "peer"])
def test_only_what_is_ours_is_compared(kind: str) -> None:
    assert figures(document(Group("first answer", "ms", (row("other", kind, 1.0),)))) == {}
