"""What a draft keeps, what it leaves out, and what its rows are about."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from preprocessing import RecommenderDefinition
from refrain.drafting.table_draft import SampledTable, TableDraft, draft_table

ROWS = 240
WANTED: list[object] = [row * 31 % 97 / 7 for row in range(ROWS)]
FEATURE: list[object] = [row * 37 % 101 + 0.5 for row in range(ROWS)]
LEVEL: list[object] = [row * 7 % 20 for row in range(ROWS)]


def draft(share: Any = 1.0, wanted: list[object] | None = None, **columns: list[object]) -> TableDraft:
    features = {"x": FEATURE, "level": LEVEL, **columns}
    return draft_table(SampledTable({**features, "wanted": wanted or WANTED}, share), "m", "wanted")


def days(*, step: int = 1) -> list[object]:
    return [str(date(2025, 1, 1) + timedelta(row * step)) for row in range(ROWS)]


LEFT_OUT: list[tuple[str, str, list[object], str]] = [
    ("a constant", "currency", ["CHF"] * ROWS, "always CHF"),
    ("an empty column", "fax", [""] * ROWS, "always empty"),
    ("mostly missing", "fax", [None] * (ROWS - 8) + [1, 2, 3, 4, 5, 6, 7, 9], "missing in 96.7 %"),
    ("prose", "notes", [f"a long sentence about the row {row}" for row in range(ROWS)], "free text"),
    ("names", "person", [f"person{row}" for row in range(ROWS)], "another value in nearly every row"),
    ("rare values", "street", [f"street {row // 2}" for row in range(ROWS)], "too rare"),
    ("row numbers", "Unnamed: 0", list(range(ROWS)), "counts the rows"),
    ("whole numbers without gaps", "position", [row * 77 % ROWS for row in range(ROWS)], "numbers the rows"),
    ("a copy of a feature", "twin", [f"v{row * 7 % 20}" for row in range(ROWS)], "the same as level"),
    ("the target in another unit", "pounds", [row * 31 % 97 / 7 * 2.2 for row in range(ROWS)], "tells the target"),
    ("lists", "tags", [[row] for row in range(ROWS)], "lists"),
]


@pytest.mark.parametrize(("case", "name", "values", "reason"), LEFT_OUT, ids=[case for case, *_ in LEFT_OUT])
def test_what_no_model_should_learn_from_is_left_out_with_the_reason(
    case: str, name: str, values: list[object], reason: str
) -> None:
    (guess,) = (guess for guess in draft(**{name: values}).columns if guess.name == name)

    assert reason in guess.left_out


KEPT: list[tuple[str, list[object]]] = [
    ("colour", [["red", "green", "blue"][row * 7 % 3] for row in range(ROWS)]),
    ("street", [f"street {row * 7 % 30}" for row in range(ROWS)]),
    ("paid", [row * 7 % 3 == 0 for row in range(ROWS)]),
    ("price", [row * 53 % 239 * 10 for row in range(ROWS)]),
    ("gaps", [None if row * 7 % 3 else row * 11 % 90 for row in range(ROWS)]),
    ("strong", [float(str(WANTED[row])) + row * 7 % 13 / 5 for row in range(ROWS)]),
]


@pytest.mark.parametrize(("name", "values"), KEPT, ids=[name for name, _ in KEPT])
def test_a_usual_feature_is_kept(name: str, values: list[object]) -> None:
    assert name in draft(**{name: values}).definition.features


def test_in_a_sample_of_a_large_file_values_are_as_frequent_as_in_the_file() -> None:
    shops: list[object] = [f"shop {row}" for row in range(ROWS)]

    assert "shop" not in draft(1.0, shop=shops).definition.columns
    assert "another value" in next(guess.left_out for guess in draft(0.01, shop=shops).columns if guess.name == "shop")
    assert "shop" in draft(0.01, shop=[f"shop {row // 2}" for row in range(ROWS)]).definition.columns


def test_parts_that_add_up_to_the_target_are_left_out() -> None:
    casual: list[object] = [row * 7 % 41 for row in range(ROWS)]
    members: list[object] = [row * 11 % 67 for row in range(ROWS)]
    total: list[object] = [row * 7 % 41 + row * 11 % 67 for row in range(ROWS)]
    drafted = draft(casual=casual, members=members, wanted=total)

    assert drafted.definition.features == ("x", "level")


def test_a_column_that_nearly_tells_classes_is_kept_with_a_warning_and_one_that_names_them_is_not() -> None:
    classes: list[object] = ["up" if row % 3 else "down" for row in range(ROWS)]
    drafted = draft(
        wanted=classes,
        refund=[5.0 + row / ROWS if row % 3 else row / ROWS for row in range(ROWS)],
        word=["alive" if row % 3 else "dead" for row in range(ROWS)],
    )
    reasons = {guess.name: (guess.reason, guess.left_out) for guess in drafted.columns}

    assert "tells the target" in reasons["refund"][0]
    assert "tells the target" in reasons["word"][1]


def test_a_unique_id_is_the_key_and_is_read_as_text() -> None:
    drafted = draft(customer_id=[1000 + 7 * row for row in range(ROWS)])

    assert drafted.definition.key == ("customer_id",)
    assert drafted.definition.columns["customer_id"].kind == "category"
    assert "customer_id" not in drafted.definition.features


def test_what_several_rows_are_about_is_the_group_and_with_a_time_the_key() -> None:
    patients: list[object] = [f"p{row % 60}" for row in range(ROWS)]
    grouped, keyed = draft(patient_id=patients), draft(patient_id=patients, visited_on=days())

    assert (grouped.definition.training.group, grouped.definition.training.split) == ("patient_id", "hash")
    assert (keyed.definition.key, keyed.definition.time) == (("patient_id", "visited_on"), "visited_on")


def test_the_time_of_the_row_splits_and_what_comes_again_is_derived() -> None:
    born: list[object] = [str(date(1950 + row % 50, 1 + row % 12, 3)) for row in range(ROWS)]
    definition = draft(born=born, sold_on=days(step=2)).definition

    assert (definition.time, definition.training.split) == ("sold_on", "time")
    assert {(item.make, item.sources) for item in definition.derived} == {
        ("weekday", ("sold_on",)),
        ("month", ("sold_on",)),
        ("days_between", ("sold_on", "born")),
    }
    assert not {"born", "sold_on"} & set(definition.features)


def test_what_a_column_says_already_is_not_derived() -> None:
    month: list[object] = [(date(2025, 1, 1) + timedelta(row * 2)).month for row in range(ROWS)]

    assert [item.make for item in draft(month=month, sold_on=days(step=2)).definition.derived] == ["weekday"]


@pytest.mark.parametrize("values", [[None, *days()[1:]], ["2026-01-31"] * ROWS, days()[:3] * (ROWS // 3)])
def test_a_time_that_rows_lack_or_share_does_not_split(values: list[object]) -> None:
    assert draft(sold_on=values).definition.time == ""


def test_a_mark_of_several_columns_is_named_once() -> None:
    marked: dict[str, list[object]] = {
        name: ["?" if row % 9 == shift else row * 7 % 90 for row in range(ROWS)] for shift, name in enumerate("abc")
    }
    document: dict[str, Any] = draft(**marked).document

    assert document["source"] == {"missing": ["?"]}
    assert all("missing" not in column for column in document["columns"].values())


def test_who_chose_what_is_a_recommender_unless_a_target_is_named() -> None:
    table = SampledTable(
        {
            "user_id": [row % 40 for row in range(ROWS)],
            "movie_id": [row * 7 % 60 for row in range(ROWS)],
            "rating": [row % 5 + 1 for row in range(ROWS)],
            "rated_at": [str(1767225600 + 60 * row) for row in range(ROWS)],
        }
    )
    definition = draft_table(table, "m").definition

    assert isinstance(definition, RecommenderDefinition)
    assert (definition.roles.user, definition.roles.item, definition.roles.weight) == ("user_id", "movie_id", "rating")
    assert definition.time == "rated_at"
    assert draft_table(table, "m", "rating").task == "regression"


@pytest.mark.parametrize(("rows", "holdout", "least"), [(1000, 0.2, 100), (100, 0.3, 100), (60, 0.5, 30)])
def test_few_rows_hold_out_more(rows: int, holdout: float, least: int) -> None:
    columns = {"x": (FEATURE * 5)[:rows], "wanted": (WANTED * 5)[:rows]}
    training = draft_table(SampledTable(columns), "m", "wanted").definition.training

    assert (training.holdout, training.min_rows) == (holdout, least)
