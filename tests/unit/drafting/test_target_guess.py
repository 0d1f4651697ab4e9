"""Which column is predicted, and as what."""

from __future__ import annotations

from typing import Any

import pytest

from refrain.drafting.table_draft import SampledTable, draft_table
from refrain.errors import CannotDraft

ROWS = 120


def table(**columns: list[object]) -> SampledTable:
    feature: list[object] = [row * 37 % 101 + 0.5 for row in range(ROWS)]
    return SampledTable({"x": feature, **columns})


def values(*options: object) -> list[object]:
    return [options[row * 7 % len(options)] for row in range(ROWS)]


AMOUNTS: list[object] = [row * 31 % 97 + 0.25 for row in range(ROWS)]


@pytest.mark.parametrize(
    ("columns", "target"),
    [
        ({"target": values(0, 1), "b": AMOUNTS}, "target"),
        ({"y": values(0, 1), "churn": values("no", "yes")}, "y"),
        ({"Survived": values(0, 1), "class": values("first", "second")}, "Survived"),
        ({"class": values("first", "second"), "b": AMOUNTS}, "class"),
        ({"b": AMOUNTS, "c": values("red", "green", "blue")}, "c"),
        ({"b": AMOUNTS, "day": values(*range(1, 29))}, "b"),
        ({"b": AMOUNTS, "species_id": values("1", "2", "3")}, "b"),
        ({"b": AMOUNTS, "fax": [""] * ROWS}, "b"),
        ({"b": AMOUNTS, "gaps": [None if row % 2 else row % 9 for row in range(ROWS)]}, "b"),
        ({"b": AMOUNTS, "note": [f"a sentence of the row {row}" for row in range(ROWS)]}, "b"),
    ],
)
def test_a_target_is_chosen_by_its_name_or_as_the_last_that_can_be_one(columns: dict[str, Any], target: str) -> None:
    assert draft_table(table(**columns), "m").target == target


def test_a_column_that_is_named_like_the_model_is_its_target() -> None:
    columns = {"Default": values("No", "Yes"), "income": AMOUNTS}

    assert draft_table(table(**columns), "default").target == "Default"
    assert draft_table(table(**columns), "loans").target == "income"


@pytest.mark.parametrize(
    ("name", "column", "task"),
    [
        ("wanted", values("no", "yes"), "classification"),
        ("wanted", values("a", "b", "c"), "classification"),
        ("wanted", values("0", "1"), "classification"),
        ("wanted", values("1", "2", "3"), "classification"),
        ("kind", values("3", "5", "9"), "classification"),
        ("visits", values("1", "2", "3"), "classification"),
        ("count", values("1", "2", "3"), "regression"),
        ("wanted", values("2", "4", "8"), "regression"),
        ("wanted", [*values("0", "1", "2")[:-1], "3"], "regression"),
        ("wanted", values(*(str(number) for number in range(20))), "regression"),
        ("wanted", values("1.5", "2.5", "3"), "regression"),
    ],
)
def test_the_task_follows_from_the_values_of_the_target(name: str, column: list[object], task: str) -> None:
    draft = draft_table(table(**{name: column}), "m", name)

    assert draft.task == task
    assert draft.definition.task == task


def test_classes_of_texts_are_listed_so_that_a_misspelt_one_is_rejected() -> None:
    draft = draft_table(table(wanted=values("b", "a", "A", "c")), "m", "wanted")

    assert draft.definition.columns["wanted"].allowed == ("a", "b", "c")


def test_a_table_without_anything_to_predict_is_refused() -> None:
    with pytest.raises(CannotDraft, match="--target"):
        draft_table(SampledTable({"note": [f"a sentence of the row {row}" for row in range(ROWS)]}), "m")
