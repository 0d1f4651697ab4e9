"""A name twice in a JSON object is seen wherever it is, and only there."""

from __future__ import annotations

import json
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refrain.repeated_names import RepeatedName, checked_object, find_repeated_name, has_distinct_names

names = st.sampled_from(["a", "b", "at", 'a":', "a :", "\u00e4", ""])
scalars = st.one_of(st.integers(), st.none(), st.sampled_from(["x", "12:00:00", '":', " :", ":", "a\n:"]))
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.lists(st.tuples(names, inner), max_size=3).map(tuple),
    max_leaves=12,
)
spaces = st.sampled_from(["", " ", "\n", "\t", "\r\n"])


def written(value: Any, space: str) -> str:
    """Write a value as JSON; a tuple is an object, as its pairs."""
    if isinstance(value, tuple):
        pairs = (f"{space}{json.dumps(name)}{space}:{space}{written(item, space)}" for name, item in value)
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(written(item, space) for item in value) + "]"
    return json.dumps(value)


def repeats(value: Any) -> bool:
    if isinstance(value, tuple):
        names = [name for name, _ in value]
        return len(set(names)) < len(names) or any(repeats(item) for _, item in value)
    return isinstance(value, list) and any(map(repeats, value))


@given(pairs=st.lists(st.tuples(names, values), max_size=3).map(tuple), space=spaces)
def test_a_repeated_name_is_seen_in_any_document(pairs: tuple[tuple[str, Any], ...], space: str) -> None:
    text = written(pairs, space)
    assert (find_repeated_name(text, json.loads(text)) is not None) == repeats(pairs)


@given(pairs=st.lists(st.tuples(names, values), max_size=3).map(tuple), space=spaces)
def test_names_that_certainly_differ_do_differ(pairs: tuple[tuple[str, Any], ...], space: str) -> None:
    text = written(pairs, space)
    assert not (has_distinct_names(text, json.loads(text)) and repeats(pairs))


@pytest.mark.parametrize(
    "document",
    [
        {"instances": [{"age": 39, "at": "2026-01-31T12:00:00Z"}, {}]},
        {"inputs": [{"name": "at", "shape": [1], "datatype": "BYTES", "data": ["12:00"]}], "id": "a:b"},
        {"labels": [{"prediction_id": "0:1", "label": True}]},
    ],
)
@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": "), (" , ", " : ")])
def test_a_usual_request_is_parsed_only_once(document: dict[str, Any], separators: tuple[str, str]) -> None:
    text = json.dumps(document, separators=separators)
    with patch("refrain.repeated_names.json.JSONDecoder", side_effect=AssertionError):
        assert find_repeated_name(text, document) is None


def test_the_first_repeated_name_is_named() -> None:
    result = checked_object([("a", 1), ("b", 1), ("b", 2), ("a", 3)])
    assert isinstance(result, RepeatedName)
    assert (result, result.repeated) == ({"a": 3, "b": 2}, "b")
