"""Rules on typed columns, derived features and the one matrix."""

from typing import Any

import numpy as np
import pytest

from preprocessing import (
    Definition,
    encode,
    learn_vocabularies,
    objects,
    parse_definition,
    prepare,
    present,
    rows_to_columns,
)
from tests.unit.preprocessing.conftest import document


def with_column(name: str, **column: Any) -> Definition:
    content = document()
    content["columns"][name] = column
    return parse_definition("shop", content, "shop.toml")


def cleaned(definition: Definition, name: str, values: list[Any]) -> tuple[list[Any], list[str]]:
    columns, problems = prepare(definition, {name: objects(values)}, len(values), columns=[name])
    return columns[name].tolist(), [problem.reason for problem in problems]


def test_case_then_replacement_then_allowed_values() -> None:
    definition = with_column("colour", type="category", lower=True, replace={"rot": "red"}, allowed=["red", "blue"])

    assert cleaned(definition, "colour", ["ROT", "Blue", None, "green"]) == (
        ["red", "blue", None, None],
        ["expected one of red, blue"],
    )


def test_bounds_hold_for_numbers_and_times() -> None:
    times = with_column("joined", type="time", min="2020-01-01", max="2021-01-01T00:00:00+01:00")

    assert cleaned(with_column("amount", type="number", min=1.5), "amount", [1, 2])[1] == ["expected at least 1.5"]
    assert cleaned(times, "joined", ["2019-12-31", "2020-06-01", "2021-01-01"])[1] == [
        "expected at least 2020-01-01T00:00:00.000000Z",
        "expected at most 2020-12-31T23:00:00.000000Z",
    ]


def test_a_required_value_that_is_unusable_is_one_problem_and_not_two() -> None:
    definition = with_column("amount", type="number", required=True)

    assert cleaned(definition, "amount", ["x", None])[1] == ["expected a number", "is required"]


def test_the_matrix_has_every_feature_in_order_and_codes_for_categories() -> None:
    content = document(derived={"hour": {"from": "joined", "make": "hour"}})
    definition = parse_definition("shop", content, "shop.toml")
    rows: list[dict[str, Any]] = [
        {"amount": 5, "colour": "red", "member": True, "joined": "1970-01-02T06:00:00Z"},
        {"colour": "mauve"},
        {},
    ]
    columns, _ = prepare(definition, rows_to_columns(rows, definition.inputs), 3, columns=definition.inputs)

    matrix = encode(definition, {"colour": ("blue", "red")}, columns)

    assert definition.features == ("amount", "colour", "member", "joined", "hour")
    assert matrix.dtype == np.float32
    np.testing.assert_array_equal(
        matrix, [[5, 3, 1, 1.25, 6], [np.nan, 1, np.nan, np.nan, np.nan], [np.nan, 0, np.nan, np.nan, np.nan]]
    )


def test_vocabularies_know_what_is_seen_often_enough(definition: Definition) -> None:
    colours = objects(["red"] * 5 + ["blue"] * 6 + ["mauve"] * 4 + [None] * 9)

    assert learn_vocabularies(definition, {"colour": colours}) == {"colour": ("blue", "red")}


def test_of_too_many_categories_the_most_frequent_are_known(definition: Definition) -> None:
    values = [f"c{i:04d}" for i in range(1100) for _ in range(5 + (i >= 1000))]

    known = learn_vocabularies(definition, {"colour": objects(values)})["colour"]

    assert len(known) == 1000
    assert set(known) >= {f"c{i:04d}" for i in range(1000, 1100)}


MADE = [
    ("days", ["joined"], 1.5), ("hour", ["joined"], 12.0), ("weekday", ["joined"], 4.0), ("month", ["joined"], 1.0),
    ("day_of_year", ["joined"], 2.0), ("days_between", ["joined", "left"], -30.0), ("log1p", ["amount"], np.log(5)),
    ("ratio", ["amount", "size"], 2.0), ("difference", ["amount", "size"], 2.0), ("product", ["amount", "size"], 8.0),
]  # fmt: skip


@pytest.mark.parametrize(("make", "sources", "expected"), MADE, ids=[made[0] for made in MADE])
def test_a_derived_feature_is_made_or_missing(make: str, sources: list[str], expected: float) -> None:
    content = document(derived={"made": {"from": sources, "make": make}})
    content["columns"] |= {"size": {"type": "number"}, "left": {"type": "time"}}
    definition = parse_definition("shop", content, "shop.toml")
    full = {"joined": "1970-01-02T12:00:00Z", "left": "1970-02-01T12:00:00Z", "amount": 4, "size": 2}
    columns, problems = prepare(
        definition, rows_to_columns([full, {}], definition.inputs), 2, columns=definition.inputs
    )

    made = encode(definition, {}, columns)[:, definition.features.index("made")]

    assert not problems
    assert made[0] == pytest.approx(expected)
    assert np.isnan(made[1])


def test_what_cannot_be_derived_is_missing_and_never_infinite() -> None:
    content = document(derived={
        "share": {"from": ["amount", "size"], "make": "ratio"},
        "area": {"from": ["amount", "size"], "make": "product"},
        "log": {"from": "size", "make": "log1p"},
    })  # fmt: skip
    content["columns"] |= {"size": {"type": "number"}, "amount": {"type": "number"}}
    definition = parse_definition("shop", content, "shop.toml")
    rows: list[dict[str, Any]] = [{"amount": 1, "size": 0}, {"amount": 1e30, "size": 1e30}, {"amount": 1, "size": -1}]
    columns, _ = prepare(definition, rows_to_columns(rows, definition.inputs), 3, columns=definition.inputs)

    share, area, log = encode(definition, {}, columns)[:, -3:].T

    assert np.isnan([share[0], area[1], log[2]]).all()
    assert np.isfinite([area[0], area[2], log[0]]).all()


def test_a_typed_row_can_be_sent_again(definition: Definition) -> None:
    row: dict[str, Any] = {"amount": 5, "colour": "red", "member": False, "joined": "2026-01-31T12:00:00.000000Z"}
    columns, _ = prepare(definition, rows_to_columns([row, {}], definition.inputs), 2, columns=definition.inputs)

    assert present(columns, definition.columns, 0) == row
    assert present(columns, definition.columns, 1) == dict.fromkeys(definition.inputs)
