"""Times that stand in several columns."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocessing import (
    Column,
    Definition,
    DefinitionError,
    join_times,
    joined_times,
    objects,
    parse_definition,
    prepare,
)
from tests.unit.preprocessing.conftest import document

if TYPE_CHECKING:
    from collections.abc import Mapping


def define(**keys: Any) -> Definition:
    """A definition with the time `at`."""
    return define_columns(at={"type": "time", "from": ["day", "clock"], **keys})


def define_columns(**columns: Any) -> Definition:
    columns = {"label": {"type": "category"}, **columns}
    return parse_definition("shop", document(columns=columns), "shop.toml")


def read(definition: Definition, **parts: object) -> str | None:
    """The time that one row has, or the reason why it has none."""
    raw = {name: objects([value]) for name, value in parts.items()}
    columns, problems = prepare(definition, raw, 1, columns=["at"])
    return problems[0].reason if problems else None if np.isnat(columns["at"][0]) else str(columns["at"][0])


@given(st.datetimes(min_value=datetime(1000, 1, 1)).map(lambda moment: moment.replace(microsecond=0)))
def test_any_time_is_the_same_whole_and_in_parts(moment: datetime) -> None:
    whole = read(define(), at=moment.isoformat())
    number = {name: getattr(moment, name) for name in ("year", "month", "day", "hour", "minute", "second")}
    clock = moment.hour * 10000 + moment.minute * 100 + moment.second
    for definition, parts in (
        (define(), {"day": f"{moment:%Y-%m-%d}", "clock": f"{moment:%H:%M:%S}"}),
        (define(), {"day": moment.date(), "clock": moment.time()}),
        (define(), {"day": datetime(moment.year, moment.month, moment.day), "clock": moment.time().isoformat()}),
        (define(format="%Y%m%d %H%M%S"), {"day": int(f"{moment:%Y%m%d}"), "clock": clock}),
        (define(format="%Y%m%d %H%M%S"), {"day": float(f"{moment:%Y%m%d}"), "clock": f"{clock}.0"}),
        (define(**{"from": list(number)}), number),
        (define(**{"from": list(number)}), {name: f"{value}.0" for name, value in number.items()}),
        (define(**{"from": list(number)}), {name: Decimal(value) for name, value in number.items()}),
    ):
        assert read(definition, **parts) == whole


@pytest.mark.parametrize("absent", [None, "", " ", "NA", float("nan"), "?", -1, "-1.0"])
@pytest.mark.parametrize("part", ["day", "clock"])
def test_a_missing_part_makes_the_time_missing(part: str, absent: object) -> None:
    definition = define(missing=["?", -1, "-1.0"])
    assert read(definition, **({"day": "2026-01-31", "clock": "08:15"} | {part: absent})) is None
    assert (
        read(define(required=True, missing=["?", -1, "-1.0"]), **{"day": "2026-01-31", part: absent}) == "is required"
    )


@pytest.mark.parametrize("part", [[1], {}, True, "x", b"08:15", "2026-01-31", np.datetime64("20000-01-01")])
def test_a_part_that_fits_no_time_is_a_problem_of_the_whole(part: object) -> None:
    definition = define()
    raw = {"day": objects(["2026-01-31", "2026-01-31"]), "clock": objects(["08:15", part])}
    columns, problems = prepare(definition, raw, 2, columns=["at"])
    assert str(columns["at"][0]) == "2026-01-31T08:15:00.000000"
    assert [(problem.row, problem.column) for problem in problems] == [(1, "at")]
    assert problems[0].reason.startswith("expected a time of day, clock such as")
    assert "2026-01-31" in str(problems[0].value)


def test_a_time_under_its_own_name_counts_before_its_parts() -> None:
    assert read(define(), at="2026-01-31T08:15Z", day="2020-01-01", clock="00:00") == "2026-01-31T08:15:00.000000"
    assert read(define(), at=None, day="2020-01-01", clock="00:00") == "2020-01-01T00:00:00.000000"


def test_a_part_may_be_a_column_too() -> None:
    at = {"type": "time", "from": ["day", "clock"], "format": "%Y-%m-%d %H"}
    definition = define_columns(at=at, clock={"type": "number"})
    raw = {"day": objects(["2026-01-31"]), "clock": np.array([8.0]), "label": objects(["a"])}
    columns, problems = prepare(definition, raw, 1)
    assert not problems
    assert (str(columns["at"][0]), columns["clock"][0]) == ("2026-01-31T08:00:00.000000", 8.0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5", "00:05"),
        ("45", "00:45"),
        ("815", "08:15"),
        ("0815", "08:15"),
        ("2400", "24:00"),
        ("08150", ""),
        ("2560", ""),
    ],
)
def test_a_clock_time_that_is_a_number_gets_its_zeros_back(text: str, expected: str) -> None:
    answer = read(define(format="%Y-%m-%d %H%M"), day="2026-01-31", clock=text)
    if expected:
        assert answer == read(define(), day="2026-01-31", clock=expected)
    else:
        assert answer is not None
        assert answer.startswith("expected a time of day, clock in the format")


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"from": ["day"]}, "columns.at.from: expected a list of 2 to 6 different names, got ['day']"),
        ({"from": ["day", " day"]}, "columns.at.from: expected a list of 2 to 6 different names, got ['day', 'day']"),
        ({"from": ["day", " "]}, "columns.at.from: expected a list of 2 to 6 different names, got ['day', '']"),
        ({"from": list("abcdefg")}, "columns.at.from: expected a list of 2 to 6 different names"),
        ({"from": ["at", "clock"]}, "columns.at.from: expected parts that are neither times nor the target, got 'at'"),
        (
            {"from": ["day", "label"]},
            "columns.at.from: expected parts that are neither times nor the target, got 'label'",
        ),
        ({"unit": "ms"}, "columns.at.unit: expected no unit beside a format, which reads all digits, or beside `from`"),
    ],
)
def test_parts_that_make_no_time_are_refused(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(DefinitionError) as refusal:
        define(**keys)
    assert message in str(refusal.value)


def test_names_in_files_may_be_renamed_to_parts() -> None:
    source = {"rename": {"Date": "day"}, "header": ["Date", "clock", "label"]}
    columns = {"label": {"type": "category"}, "at": {"type": "time", "from": ["day", "clock"]}}
    definition = parse_definition("shop", document(columns=columns, source=source), "shop.toml")
    assert list(definition.raw_names) == ["label", "at", "day", "clock"]


def test_parts_are_joined_once_however_many_steps_ask_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    joined: list[str] = []

    def count(column: Column, raw: Mapping[str, Any], rows: int) -> joined_times.JoinedTimes:
        joined.append(column.name)
        return join(column, raw, rows)

    join = joined_times._join
    monkeypatch.setattr(joined_times, "_join", count)
    definition = define()
    raw = join_times(definition, {"day": ["2026-01-31"], "clock": ["08:15"]}, 1)
    columns, problems = prepare(definition, raw, 1, columns=["at"])

    assert (str(columns["at"][0]), problems, joined) == ("2026-01-31T08:15:00.000000", [], ["at"])
