"""Whose rows are theirs: one meaning of a key, whatever door a row came through."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from preprocessing import Definition, objects, parse_definition
from refrain.errors import InvalidRequest
from refrain.forgetting.people import key_columns, read_people
from tests.unit.serving import tiny

DOCUMENT: dict[str, Any] = {
    **tiny.FLATS,
    "key": ["flat", "year"],
    "columns": {
        **tiny.FLATS["columns"],
        "flat": {"type": "category", "lower": True},
        "year": {"type": "number"},
        "block": {"type": "category", "required": True},
    },
    "training": {**tiny.FLATS["training"], "group": "block"},
}


@pytest.fixture
def flats() -> Definition:
    return parse_definition("flats", DOCUMENT, "flats.toml")


@pytest.mark.parametrize(("flat", "year"), [("a1", "2020"), (" A1 ", 2020), ("A1", 2020.0), ("a1", "2020.0")], ids=repr)
def test_a_key_means_the_same_through_every_door(flats: Definition, flat: str, year: object) -> None:
    people = read_people(flats, [{"flat": "A1", "year": "2020"}])

    assert people.mark({"flat": objects([flat, "a2"]), "year": objects([year, year])}, 2).tolist() == [True, False]


def test_a_part_of_a_key_names_all_its_rows(flats: Definition) -> None:
    people = read_people(flats, [{"flat": "a1"}, {"flat": "a3"}])
    rows = {"flat": objects(["a1", "a2", "a3", None]), "year": np.array([1.0, 2.0, 3.0, 4.0])}

    assert people.mark(rows, 4).tolist() == [True, False, True, False]


def test_rows_without_the_columns_of_the_key_are_nobodys(flats: Definition) -> None:
    people = read_people(flats, [{"flat": "a1", "year": "2020"}])

    assert not people.mark({"flat": objects(["a1"])}, 1).any()
    assert people.mark_rows([{"flat": "a1"}, {"flat": "a1", "year": 2020}]).tolist() == [False, True]


def test_columns_that_name_people_are_the_key_and_the_group(flats: Definition) -> None:
    assert key_columns(flats) == ("flat", "year", "block")


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ([], "expected keys of the same columns"),
        ([{"area": "7"}], "one or several of flat, year, block"),
        ([{"flat": "a"}, {"block": "b"}], "expected keys of the same columns"),
        ([{"year": "soon"}], "key 1: year expected a number"),
        ([{"block": "b"}, {"block": " "}], "key 2: block is required"),
    ],
)
def test_a_key_that_may_mean_others_is_refused(flats: Definition, keys: list[dict[str, str]], sentence: str) -> None:
    with pytest.raises(InvalidRequest, match=sentence):
        read_people(flats, keys)


def test_a_model_without_a_key_knows_nobody() -> None:
    with pytest.raises(InvalidRequest, match="has no key"):
        read_people(parse_definition("flats", tiny.FLATS, "flats.toml"), [{"area": "7"}])
