"""Rejected rows are as they came: split, slipped or not split at all."""

from __future__ import annotations

from typing import Any

import pytest

from preprocessing import parse_definition
from refrain.forgetting.forgotten_rejections import mark_rejected
from refrain.forgetting.people import People, read_people
from tests.unit.forgetting.test_people import DOCUMENT


@pytest.fixture
def people() -> People:
    return read_people(parse_definition("flats", DOCUMENT, "flats.toml"), [{"flat": "a1", "year": "2020"}])


@pytest.mark.parametrize(
    "entry",
    [
        {"row": {"flat": "A1", "year": "2020", "area": "much"}},
        {"row": ["2020", "much", "a1"]},
        {"row": "a1;2020;much"},
        {"row": '"A1",2020,"'},
        {"row": None, "value": "a1", "more": [{"column": "year", "value": 2020}]},
        {"row": {"home": {"flat": "a1", "built": [2020]}}},
    ],
    ids=lambda entry: repr(entry["row"]),
)
def test_a_row_with_all_values_of_a_key_is_theirs(people: People, entry: dict[str, Any]) -> None:
    assert mark_rejected(people, [entry]).tolist() == [True]


@pytest.mark.parametrize("row", [["a1", "2021"], "a11;2020", {"flat": "a2", "year": 2020}, None, []], ids=repr)
def test_a_row_that_lacks_a_value_of_the_key_is_not(people: People, row: object) -> None:
    assert mark_rejected(people, [{"row": row}]).tolist() == [False]
