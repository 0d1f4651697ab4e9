"""Worse figures are marked, and a slower machine is not mistaken for slower code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.compare import MAX_SLOWDOWN, comparison, main
from benchmarks.figures import read_figures
from benchmarks.result import Group, Line, Part, Row

if TYPE_CHECKING:
    from pathlib import Path


def row(name: str, kind: str, value: float, low: float | None = None, high: float | None = None) -> Row:
    """A row with one figure and its spread."""
    return Row(name, kind, value, value if low is None else low, value if high is None else high)  # type: ignore[arg-type]


def document(*groups: Group, lines: tuple[Line, ...] = (), machine: str = "here") -> dict[str, Any]:
    """What a run with one part writes."""
    return {"parts": [Part("cold", "Cold start", groups, lines, machine={"id": machine}).document()]}


def start(ours: float, floor: float) -> Group:
    """A group with a floor, where less is better."""
    return Group("first answer", "ms", (row("hello", "floor", floor), row("Refrain", "ours", ours)), "hello")


def rate(ours: float, floor: float) -> Group:
    """The same, where more is better."""
    rows = (row("hello", "floor", floor), row("Refrain", "ours", ours))
    return Group("eight clients", "a second", rows, "hello", more_is_better=True)


def step(value: float, unit: str = "s") -> Group:
    """A group with neither floor nor peer."""
    return Group("a run", unit, (row("train", "ours", value),))


def compared(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """All lines but the last, which counts."""
    *lines, _ = comparison(read_figures(old), read_figures(new), MAX_SLOWDOWN)
    return lines


def test_a_figure_that_grew_in_units_of_its_floor_is_worse() -> None:
    assert compared(document(start(200, 40)), document(start(300, 40))) == [
        "× 1.50  cold: first answer: Refrain  WORSE"
    ]


def test_a_slower_machine_makes_nothing_worse() -> None:
    fast = document(start(200, 40), step(10), machine="fast")
    slow = document(start(400, 80), step(20), machine="slow")

    assert compared(fast, slow) == [
        "× 1.00  cold: first answer: Refrain",
        "-       cold: a run: train  another machine",
    ]
    assert list(comparison(read_figures(fast), read_figures(slow), MAX_SLOWDOWN))[-1] == (
        "0 of 2 figures are worse by more than 20 %; 1 was measured on another machine, without a floor or peer."
    )


def test_a_figure_without_a_floor_is_compared_on_the_same_machine() -> None:
    assert compared(document(step(10)), document(step(20))) == ["× 2.00  cold: a run: train  WORSE"]


def test_two_machines_that_are_not_known_are_not_the_same() -> None:
    unknown = [document(step(value), machine="") for value in (10, 20)]

    assert compared(*unknown) == ["-       cold: a run: train  another machine"]


@pytest.mark.parametrize("unit", ["", "%", "× its quiet median"])
def test_counts_and_shares_are_compared_between_machines(unit: str) -> None:
    old, new = document(step(0.0, unit), machine="fast"), document(step(2.0, unit), machine="slow")

    assert compared(old, old) == ["× 1.00  cold: a run: train"]
    assert compared(old, new) == ["× inf   cold: a run: train  WORSE"]


def test_where_more_is_better_less_is_worse() -> None:
    assert compared(document(rate(900, 1000)), document(rate(450, 1000))) == [
        "× 2.00  cold: eight clients: Refrain  WORSE"
    ]
    assert compared(document(rate(450, 1000)), document(rate(900, 1000))) == ["× 0.50  cold: eight clients: Refrain"]


def test_ratios_are_to_the_same_floor_or_peer_in_both_runs() -> None:
    # Given a run in which the floor's package was not installed, so that the group names another floor
    plain, peer = row("numpy", "floor", 50), row("implicit", "peer", 80)
    with_peer = document(Group("items", "µs", (plain, row("Refrain", "ours", 60), peer), "implicit"), machine="a")
    without = document(
        Group("items", "µs", (row("numpy", "floor", 100), row("Refrain", "ours", 120)), "numpy"), machine="b"
    )

    assert compared(with_peer, without) == ["× 1.00  cold: items: Refrain"]
    assert compared(without, with_peer) == ["× 1.00  cold: items: Refrain"]


def test_without_the_floor_a_common_peer_takes_its_place() -> None:
    pandas = row("pandas", "peer", 80)
    with_floor = document(Group("rows", "ms", (row("copy", "floor", 5), row("Refrain", "ours", 10), pandas), "copy"))
    without = document(Group("rows", "ms", (row("Refrain", "ours", 20), row("pandas", "peer", 160))), machine="slow")

    assert compared(with_floor, without) == ["× 1.00  cold: rows: Refrain"]


def test_a_change_within_the_spread_of_both_runs_is_noise() -> None:
    def spread(value: float) -> Group:
        rows = (row("hello", "floor", 1), row("Refrain", "ours", value, value * 0.7, value * 1.3))
        return Group("first answer", "ms", rows, "hello")

    assert compared(document(spread(100)), document(spread(125))) == ["× 1.25  cold: first answer: Refrain"]
    assert compared(document(spread(100)), document(spread(150))) == ["× 1.50  cold: first answer: Refrain  WORSE"]


def test_what_only_one_run_measured_is_named() -> None:
    assert compared(document(start(200, 40)), document(rate(900, 1000))) == [
        "gone    cold: first answer: Refrain",
        "new     cold: eight clients: Refrain",
    ]


def test_lines_are_compared_point_by_point_but_not_those_over_time() -> None:
    growth = [Line("Models", "models", "µs", (1.0, 10.0), {"hot": (50.0, last)}) for last in (50.0, 80.0)]
    course = Line("Load", "minutes", "ms", (1.0, 2.0), {"p99": (9.0, 9.0)}, course=True)
    old, new = (document(lines=(line, course)) for line in growth)

    assert compared(old, new) == ["× 1.00  cold: Models: hot, 1", "× 1.60  cold: Models: hot, 10  WORSE"]


def test_a_line_is_compared_in_units_of_the_floor_s_own_line() -> None:
    lines = [
        Line("Memory", "rows", "MB", (1.0, 2.0), {"hello": (10.0 * k, 10.0 * k), "Refrain": (20.0 * k, 30.0 * k)})
        for k in (1, 2)
    ]
    old, new = (document(start(200, 40), lines=(line,), machine=name) for line, name in zip(lines, "ab", strict=True))

    assert compared(old, new)[1:] == ["× 1.00  cold: Memory: Refrain, 1", "× 1.00  cold: Memory: Refrain, 2"]


@pytest.mark.parametrize("kind", ["floor", "peer"])
def test_only_our_figures_are_compared(kind: str) -> None:
    assert read_figures(document(Group("first answer", "ms", (row("other", kind, 1.0),)))) == {}


@pytest.mark.parametrize(("after", "status"), [(10.2, 0), (10.8, 1)])
def test_two_files_of_one_machine_may_differ_by_five_percent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], after: float, status: int
) -> None:
    paths = [tmp_path / "old.json", tmp_path / "new.json"]
    for path, value in zip(paths, (10, after), strict=True):
        path.write_text(json.dumps(document(step(value))))

    assert main(list(map(str, paths))) == status
    assert ("WORSE" in capsys.readouterr().out) == bool(status)


def test_files_that_do_not_name_their_machine_are_compared_when_the_caller_says_it_is_one(tmp_path: Path) -> None:
    paths = [str(tmp_path / "old.json"), str(tmp_path / "new.json")]
    for path, value in zip(paths, (10, 20), strict=True):
        (tmp_path / path).write_text(json.dumps(document(step(value), machine="")))

    assert main(paths) == 0
    assert main(["--same-machine", *paths]) == 1


def test_a_missing_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "absent.json"), str(tmp_path / "new.json")]) == 2
    assert f"{tmp_path / 'absent.json'} is missing; `make bench` measures." in capsys.readouterr().err
