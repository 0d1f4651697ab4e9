"""What each value means, in every form that it can come in: this table is the documentation's twin."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from preprocessing import Definition, decode, objects, parse_definition, prepare
from tests.unit.preprocessing.conftest import document

NUMBER = "expected a number"
FINITE = "expected a finite number of at most 3.40e+38 in size"
THOUSANDS = 'expected a number without thousands signs (or thousands = "," in the definition)'
POINT = "expected a number with a decimal point (or source.decimal = ',' in the definition)"
BOOLEAN = "expected true or false"
TIME = "expected a time such as 2026-01-31T12:00:00Z, or epoch seconds"
YEARS = "expected a time of the years 1 to 9999"
EPOCH = f'{YEARS} (as epoch seconds; for milliseconds, unit = "ms" in the definition)'

NUMBERS: list[tuple[Any, Any]] = [
    ("5", 5.0), (" 5.5 ", 5.5), ("-.5", -0.5), ("+5.", 5.0), ("1e3", 1000.0), (5, 5.0), (2.5, 2.5),
    (Decimal("2.5"), 2.5),
    (np.int8(3), 3.0), ("", None), ("  ", None), ("NULL", None), ("na", None), ("NaN", None), (None, None),
    (float("nan"), None), (Decimal("NaN"), None), ("1,5", POINT), ("1,234,5", NUMBER), ("1,234", THOUSANDS),
    ("-12,345.5", THOUSANDS), ("0,125", POINT), ("−5", -5.0), ("1_000", NUMBER),
    ("٣", NUMBER),
    ("abc", NUMBER), ("0x10", NUMBER), ("- 5", NUMBER), ("n/a", NUMBER), (True, NUMBER), (np.True_, NUMBER),
    ([5], NUMBER),
    ({}, NUMBER), (date(2020, 1, 1), NUMBER), ("inf", FINITE), ("-Infinity", FINITE), (float("inf"), FINITE),
    ("1e39", FINITE), (10**400, FINITE), (Decimal("sNaN"), FINITE),
]  # fmt: skip
BOOLEANS: list[tuple[Any, Any]] = [
    (True, 1.0), (False, 0.0), ("TRUE", 1.0), ("f", 0.0), ("Yes", 1.0), ("n", 0.0), ("on", 1.0), ("off", 0.0),
    ("1", 1.0),
    ("0", 0.0), (1, 1.0), (0.0, 0.0), (Decimal(1), 1.0), (None, None), ("", None), ("NA", None), (float("nan"), None),
    ("maybe", BOOLEAN), ("1.0", 1.0), ("0.0", 0.0), (2, BOOLEAN), ("2.0", BOOLEAN), ([], BOOLEAN),
    (float("inf"), BOOLEAN),
]  # fmt: skip
CATEGORIES: list[tuple[Any, Any]] = [
    ("red", "red"), ("  dark   red ", "dark red"), ("dark\tred", "dark red"), (3, "3"), (3.0, "3"), (3.5, "3.5"),
    (True, "true"), (Decimal("2.0"), "2.0"), (np.float32(0.1), "0.1"), (Decimal("1.10"), "1.10"),
    (date(2020, 1, 2), "2020-01-02"), ("é", "é"), (2**60, str(2**60)),
    (None, None), ("", None), ("nan", None), ("Null", None), (float("nan"), None), ("n/a", "n/a"), ("NaNa", "NaNa"),
    (float("inf"), "expected text or a finite number"), ([1], "expected text"), ({"a": 1}, "expected text"),
    ("\ud800", "expected valid Unicode text"),
]  # fmt: skip
NOON = np.datetime64("2026-01-31T12:00:00", "us")
TIMES: list[tuple[Any, Any]] = [
    ("2026-01-31T12:00:00Z", NOON), ("2026-01-31T12:00:00", NOON), ("2026-01-31 12:00", NOON),
    ("2026-01-31T13:00:00+01:00", NOON), ("2026-01-31", np.datetime64("2026-01-31", "us")), (1769860800, NOON),
    ("1769860800", NOON), (1769860800.0, NOON), ("1769860800.5", NOON + np.timedelta64(500, "ms")),
    (Decimal(1769860800), NOON),
    (datetime(2026, 1, 31, 12, tzinfo=UTC), NOON), (date(2026, 1, 31), np.datetime64("2026-01-31", "us")),
    (None, None), ("", None), ("NaN", None), (float("nan"), None), ("31/01/2026", TIME), ("yesterday", TIME),
    (True, TIME),
    ([1], TIME), (1769860800000, EPOCH), ("1769860800000", EPOCH), (float("inf"), EPOCH), (-1e12, EPOCH),
    ("9999-12-31T23:59:59-23:00", YEARS),
]  # fmt: skip
TABLE = [
    *(("amount", *row) for row in NUMBERS),
    *(("member", *row) for row in BOOLEANS),
    *(("colour", *row) for row in CATEGORIES),
    *(("joined", *row) for row in TIMES),
]


def decoded(definition: Definition, column: str, values: Any) -> tuple[Any, list[str]]:
    raw = values if isinstance(values, np.ndarray) else objects(values)
    columns, problems = decode(definition, {column: raw}, len(raw), columns=[column])
    return columns[column], [problem.reason for problem in problems]


@pytest.mark.parametrize(("column", "value", "meaning"), TABLE, ids=[f"{row[0]}-{row[1]!r:.40}" for row in TABLE])
def test_a_value_has_one_meaning(definition: Definition, column: str, value: Any, meaning: Any) -> None:
    array, reasons = decoded(definition, column, [value])

    refused = isinstance(meaning, str) and meaning.startswith("expected")
    assert reasons == ([meaning] if refused else [])
    if refused or meaning is None:
        assert array[0] is None or np.isnan(array[0]) if array.dtype.kind != "M" else np.isnat(array[0])
    else:
        assert array[0] == meaning


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int64", "float32", "float64"])
def test_typed_numbers_are_taken_as_they_are(definition: Definition, dtype: str) -> None:
    array, reasons = decoded(definition, "amount", np.array([1, 2], dtype=dtype))

    assert (array.tolist(), array.dtype, reasons) == ([1.0, 2.0], np.float64, [])


def test_typed_values_of_another_type_get_the_same_words_as_text(definition: Definition) -> None:
    assert decoded(definition, "amount", np.array([True]))[1] == [NUMBER]
    assert decoded(definition, "amount", np.array([np.inf, 1.0]))[1] == [FINITE]
    assert decoded(definition, "amount", np.array(["2020-01-01"], "datetime64[D]"))[1] == [NUMBER]
    assert decoded(definition, "member", np.array([0, 1, 7]))[1] == [BOOLEAN]
    assert decoded(definition, "colour", np.array([1, 2]))[0].tolist() == ["1", "2"]
    assert decoded(definition, "joined", np.array(["2026-01-31T12"], "datetime64[h]"))[0][0] == NOON
    assert decoded(definition, "joined", np.array(["12026-01-31"], "datetime64[D]"))[1] == [YEARS]


def test_a_mark_of_the_definition_means_missing_in_text_and_as_a_number() -> None:
    content = document(source={"missing": ["?", "Unknown"]})
    content["columns"]["amount"] = {"type": "number", "missing": [999]}
    marked = parse_definition("shop", content, "shop.toml")

    assert np.isnan(decoded(marked, "amount", ["?", "999", 999, 999.0, " unknown "])[0]).all()
    assert np.isnan(decoded(marked, "amount", np.array([999]))[0]).all()
    assert decoded(marked, "amount", ["99", "9"])[0].tolist() == [99.0, 9.0]
    assert decoded(marked, "colour", ["?", "UNKNOWN", "999"])[0].tolist() == [None, None, "999"]


def test_a_decimal_comma_is_read_where_the_definition_says_so() -> None:
    comma = parse_definition("shop", document(source={"decimal": ","}), "shop.toml")

    array, reasons = decoded(comma, "amount", ["1,5", "2", "1.234,5", "1.5"])

    assert array[:2].tolist() == [1.5, 2.0]
    assert reasons == [THOUSANDS.replace(",", "."), NUMBER]


def test_a_form_of_times_is_read_beside_iso() -> None:
    content = document()
    content["columns"]["joined"]["format"] = "%d.%m.%Y %H:%M"
    formed = parse_definition("shop", content, "shop.toml")

    assert (decoded(formed, "joined", ["31.01.2026 12:00", "2026-01-31T12:00:00Z"])[0] == NOON).all()
    assert "in the format %d.%m.%Y %H:%M, or such as" in decoded(formed, "joined", ["31.02.2026 12:00"])[1][0]


def test_an_absent_column_is_missing_and_a_strange_one_passed_over(definition: Definition) -> None:
    columns, problems = decode(definition, {"stranger": objects(["x"])}, 1)

    assert list(columns) == list(definition.columns)
    assert not problems


def test_problems_name_row_column_and_value_as_given_at_most_one_a_cell(definition: Definition) -> None:
    raw = {"label": objects(["a", None, "b"]), "amount": objects(["1200", "x", "5"]), "colour": objects(["r"] * 3)}

    _, problems = prepare(definition, raw, 3)

    assert [(p.row, p.column, p.value, p.reason) for p in problems] == [
        (0, "amount", "1200", "expected at most 1000"),
        (1, "amount", "x", NUMBER),
        (1, "label", None, "is required"),
    ]
