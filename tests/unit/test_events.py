"""The fields of an event: read as they are declared, or refused by their names."""

from __future__ import annotations

from typing import Any

import pytest

from refrain.errors import InvalidRequest
from refrain.events import FLAG, MODEL, RUN, TEXT, TIME, VERSION, read_fields

EDGES = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00Z", "9999-12-31", "1999-12-31")
FIELDS = {"model": MODEL, "version": VERSION.optional(), "force": FLAG.optional(default=False)}


def test_an_optional_field_takes_its_default_when_it_is_absent_or_null() -> None:
    values = {"model": "shop", "version": None, "force": False}

    assert read_fields({"model": "shop"}, FIELDS) == read_fields({"model": "shop", "version": None}, FIELDS) == values


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        ([], 'expected an object such as {"model": "income"}, got []'),
        ({"model": "shop", "forced": True}, "forced: unknown; known are model, version and force"),
        ({}, "model: expected the name of a model, got None"),
        ({"model": 3}, "model: expected the name of a model, got 3"),
        ({"model": "shop", "version": "../v1"}, "version: expected the name of a version, got '../v1'"),
        ({"model": "shop", "force": None}, "force: expected true or false, got None"),
        ({"model": "shop", "force": 1}, "force: expected true or false, got 1"),
    ],
)
def test_an_unusable_event_is_refused_by_the_name_of_the_field(event: Any, sentence: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        read_fields(event, FIELDS, closed=True)

    assert str(refusal.value) == sentence


@pytest.mark.parametrize(
    ("field", "value"), [(RUN, "today"), (TEXT, ""), (TIME, "noon"), (TIME, 7), *((TIME, time) for time in EDGES)]
)
def test_a_value_of_another_form_is_refused(field: Any, value: object) -> None:
    with pytest.raises(InvalidRequest, match="field: expected"):
        read_fields({"field": value}, {"field": field})
