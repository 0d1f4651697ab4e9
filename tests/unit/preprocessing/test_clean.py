"""Rules on typed columns."""

from typing import Any

from preprocessing import Definition, objects, parse_definition, prepare
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
