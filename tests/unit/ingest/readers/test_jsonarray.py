"""JSON lines and JSON arrays."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from refrain.errors import UnreadableUpload
from refrain.ingest.readers import json_values

Read = Callable[..., Any]

ONE = {"age": 39, "town": "Bern", "label": "a"}
TWO = {"age": None, "label": "b", "surplus": [1, {"x": 2}]}


def lines(*values: object) -> bytes:
    return "".join(json.dumps(value) + "\n" for value in values).encode()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", lines(ONE, TWO)),
        ("a.ndjson", lines(ONE, TWO).rstrip()),
        ("a.jsonl", b"\n" + lines(ONE) + b"  \r\n" + lines(TWO)),
        ("a.json", lines(ONE, TWO)),
        ("a.json", json.dumps([ONE, TWO]).encode()),
        ("a.json", json.dumps([ONE, TWO], indent=4).encode() + b"\n\n"),
    ],
)
def test_objects_become_columns_and_absent_keys_none(read: Read, name: str, content: bytes) -> None:
    found = read(content, name)
    assert found.columns == {"age": [39, None], "town": ["Bern", None], "label": ["a", "b"]}
    assert found.originals == [ONE, TWO]
    assert found.found == ["age", "town", "label", "surplus"]


def test_a_bad_line_is_a_malformed_row_and_the_next_one_is_read(read: Read) -> None:
    deep = b"[" * 100_000
    digits = b'{"age": ' + b"9" * 5000 + b"}"
    found = read(
        b"\n".join([lines(ONE).strip(), b'{"age": 1', b"7", b"[1]", b'"x"', deep, digits, lines(TWO)]), "a.jsonl"
    )
    assert found.lines == [1, 8]
    assert found.numbers == [1, 8]
    assert [(row.line, row.reason) for row in found.malformed] == [
        (2, "not valid JSON: Expecting ',' delimiter"),
        (3, "expected a JSON object"),
        (4, "expected a JSON object"),
        (5, "expected a JSON object"),
        (6, "not valid JSON: nested too deeply"),
        (7, "not valid JSON: a number with too many digits"),
    ]
    assert found.malformed[0].original == '{"age": 1'


def test_an_element_that_is_no_object_is_a_malformed_row(read: Read) -> None:
    found = read(json.dumps([ONE, 7, [], None, "x", TWO]).encode(), "a.json")
    assert found.numbers == [1, 6]
    assert [row.number for row in found.malformed] == [2, 3, 4, 5]


def test_literals_beyond_json_are_read_for_decode_to_judge(read: Read) -> None:
    for name, content in (
        ("a.jsonl", b'{"age": NaN, "label": "a"}\n{"age": -Infinity, "label": "b"}'),
        ("a.json", b'[{"age": NaN, "label": "a"}, {"age": -Infinity, "label": "b"}]'),
    ):
        nan, infinite = read(content, name).columns["age"]
        assert math.isnan(nan)
        assert infinite == -math.inf


def test_a_column_may_come_under_two_names(read: Read) -> None:
    found = read(lines({"age": 1, "label": "a"}, {"Age": 2, "label": "b"}), "a.jsonl", rename={"Age": "age"})
    assert found.columns["age"] == [1, 2]


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
@pytest.mark.parametrize(("row", "code"), [({"x": 1}, "no_columns"), ({"age": 1}, "no_target")])
def test_objects_without_columns_or_target_are_refused(read: Read, name: str, row: object, code: str) -> None:
    content = lines(row, row) if name == "a.jsonl" else json.dumps([row]).encode()
    with pytest.raises(UnreadableUpload) as refusal:
        read(content, name)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (json.dumps([ONE, TWO]).encode()[:-1], "after element 2 of the array: the array is cut off"),
        (json.dumps([ONE, TWO]).encode()[:-10], "after element 1 of the array: not valid JSON"),
        (b"[", "not valid JSON"),
        (b"[{},]", "not valid JSON"),
        (b"[{} {}]", "expected ',' or ']', got '{'"),
        (b"[{}] x", "goes on after the end"),
        (b"[{}][{}]", "goes on after the end"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[" + b"9" * 5000 + b"]", "too many digits"),
    ],
)
def test_a_broken_array_is_refused_after_the_last_good_element(read: Read, content: bytes, words: str) -> None:
    with pytest.raises(UnreadableUpload) as refusal:
        read(content, "a.json")
    assert refusal.value.code == "corrupt"
    assert words in str(refusal.value)


@pytest.mark.parametrize("content", [b'"text"', b"7", b"null", b"  \n "])
def test_what_is_no_array_is_refused(read: Read, content: bytes) -> None:
    with pytest.raises(UnreadableUpload, match="expected a JSON array of objects"):
        read(content, "a.json")


def test_an_empty_array_has_no_rows(read: Read) -> None:
    assert read(b" [ ] ", "a.json").numbers == []


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=9,
)


@given(rows=st.lists(st.dictionaries(st.text(max_size=5), values, max_size=4), max_size=20), piece=st.integers(1, 40))
@hypothesis_settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_array_reads_the_same_in_pieces_of_any_size(
    read: Read, monkeypatch: pytest.MonkeyPatch, rows: list[dict[str, Any]], piece: int
) -> None:
    monkeypatch.setattr(json_values, "PIECE", piece)
    rows = [{"label": "a"}, *rows]
    assert read(json.dumps(rows).encode(), "a.json").originals == rows
