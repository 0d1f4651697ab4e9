"""What a person would write about a column, by its name and values."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from refrain.drafting.column_guess import decimal_sign, guess_column

NUMBERS = [str(number) for number in range(30)]
CASES: list[tuple[str, str, list[object], str, dict[str, Any]]] = [
    ("plain numbers", "age", [*NUMBERS], "number", {}),
    ("exponents and signs", "x", ["1e3", "-2.5", "+4", ".5"] * 3, "number", {}),
    ("JSON numbers", "age", [1, 2.5, 3] * 5, "number", {}),
    ("a question mark among numbers", "age", [*NUMBERS, "?", "?"], "number", {"missing": ["?"]}),
    ("a word among numbers", "rain", [*NUMBERS, "trace", "trace"], "number", {"missing": ["trace"]}),
    ("nines among numbers", "age", [*NUMBERS, "999", "999"], "number", {"missing": [999]}),
    ("usual marks", "age", [*NUMBERS, "NA", "nan", "", None, "NULL"], "number", {}),
    ("thousands", "pay", ["1,234", "12,345", "999"] * 3, "number", {"thousands": ","}),
    ("currency", "pay", ["$1,234.50", "$12.00", "$3"] * 3, "number", {"thousands": ",", "currency": True}),
    ("euros behind", "pay", ["12.50 €", "3 €", "4.25 €"] * 3, "number", {"currency": True}),
    ("percent", "rate", ["12%", "3.5 %", "100%"] * 3, "number", {"percent": True}),
    ("minus behind", "pay", ["12-", "3", "4.5-"] * 3, "number", {"trailing_minus": True}),
    ("yes and no", "paid", ["yes", "No", "YES"] * 3, "boolean", {}),
    ("zero and one", "flag", ["0", "1"] * 5, "boolean", {}),
    ("a year of two", "yr", ["0", "1"] * 5, "number", {}),
    ("JSON booleans", "paid", [True, False, None] * 3, "boolean", {}),
    ("unknown among yes and no", "loan", ["yes", "no", "unknown"] * 5, "boolean", {"missing": ["unknown"]}),
    ("letters that are not booleans", "sex", ["F", "M"] * 5, "category", {}),
    ("texts", "city", ["Oslo", "Rome", "Bern"] * 5, "category", {}),
    ("case twins", "city", ["Oslo", "OSLO", "Rome"] * 5, "category", {"lower": True}),
    ("a mark among texts", "city", ["Oslo", "Rome", "?"] * 5, "category", {"missing": ["?"]}),
    ("leading zeros", "plz", ["01234", "80331", "04109"] * 5, "category", {}),
    ("codes of whole numbers", "zip", ["94110", "10001", "60601"] * 5, "category", {}),
    ("codes with a point", "store_id", ["12.0", "7.0", "19"] * 5, "category", {"whole": True}),
    ("numbers beyond 2^53", "n", ["9007199254740993", "9007199254740995"] * 5, "category", {}),
    ("ISO dates", "day", [f"2026-01-{day:02}" for day in range(1, 29)], "time", {}),
    ("ISO times", "at", [f"2026-01-31T{hour:02}:00:00Z" for hour in range(24)], "time", {}),
    ("Swiss dates", "day", [f"{day}.1.2026" for day in range(1, 29)], "time", {"format": "%d.%m.%Y"}),
    ("US dates", "day", [f"1/{day}/2026" for day in range(1, 29)], "time", {"format": "%m/%d/%Y"}),
    ("British dates", "day", [f"{day}/1/2026" for day in range(1, 29)], "time", {"format": "%d/%m/%Y"}),
    (
        "US clock times",
        "at",
        [f"1/2/2026 {hour}:30 PM" for hour in range(1, 12)],
        "time",
        {"format": "%m/%d/%Y %I:%M %p"},
    ),
    ("names of months", "day", [f"{day} Jan 2026" for day in range(1, 29)], "time", {"format": "%d %b %Y"}),
    ("months", "month", [f"2026-{month:02}" for month in range(1, 13)], "time", {"format": "%Y-%m"}),
    ("digits of dates", "day", [f"202601{day:02}" for day in range(1, 29)], "time", {"format": "%Y%m%d"}),
    ("epochs", "created_at", [str(1767225600 + 60 * n) for n in range(30)], "time", {"unit": "s"}),
    ("as large as epochs", "population", [str(1767225600 + 61 * n) for n in range(30)], "number", {}),
    ("typed times", "at", [datetime(2026, 1, day, tzinfo=UTC) for day in range(1, 20)], "time", {}),
    ("a mark among dates", "day", [*(f"2026-01-{day:02}" for day in range(1, 29)), "?"], "time", {"missing": ["?"]}),
    ("junk among numbers", "x", ["1", "2", "many words 5", "some 6"] * 5, "category", {}),
]


@pytest.mark.parametrize(
    ("name", "values", "kind", "keys"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_a_column_has_the_type_that_a_person_would_write(
    name: str, values: list[object], kind: str, keys: dict[str, Any]
) -> None:
    guess = guess_column(name, values, ".", na_is_missing=True)

    assert (guess.type, dict(guess.keys), guess.left_out) == (kind, keys, "")


@pytest.mark.parametrize("missing", [True, False])
def test_na_is_a_code_only_where_it_does_not_mean_missing(missing: bool) -> None:
    guess = guess_column("continent", ["AF", "AS", "EU", "NA", "OC", "SA"] * 5, ".", na_is_missing=missing)

    assert dict(guess.keys) == ({} if missing else {"only_missing": []})


def test_values_that_are_no_scalars_and_empty_columns_are_left_out() -> None:
    assert "lists" in guess_column("tags", [["a"], {"b": 1}], ".", na_is_missing=True).left_out
    assert "empty" in guess_column("fax", ["", None, "NA"], ".", na_is_missing=True).left_out


@pytest.mark.parametrize(
    ("columns", "sign"),
    [([["1,5", "2,25"]], ","), ([["1.5", "2.25"]], "."), ([["1,234", "12,345"]], "."), ([["a,b"]], "."), ([], ".")],
)
def test_the_decimal_sign_is_the_one_with_which_more_columns_are_numbers(
    columns: list[list[object]], sign: str
) -> None:
    assert decimal_sign(columns) == sign
