"""Every reader ends, soon and in words, whatever is in the file."""

from __future__ import annotations

import codecs
import gzip
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from refrain.errors import UnreadableUpload
from tests.processor_time import processor_seconds

Read = Callable[..., Any]

NAMES = ["a.csv", "a.tsv", "a.jsonl", "a.json", "a.parquet"]
MARKS = [
    codecs.BOM_UTF8,
    codecs.BOM_UTF8 * 2,
    codecs.BOM_UTF16_LE,
    codecs.BOM_UTF16_BE,
    codecs.BOM_UTF32_LE,
    codecs.BOM_UTF32_BE,
    "é€𝄞".encode(),
    b"\x1f\x8b\x08\0\0\0\0\0",
    b"\x28\xb5\x2f\xfd\0\0\0\0",
    b"PAR1PAR1",
    bytes(8),
    b"sep=;\n\n",
    b'""""""""',
    b"[[[[[[[[",
    b'{"a":[{"',
]
MEGABYTE = 1_000_000
HOSTILE = {
    "quotes that open and never close": b"age,town,label\n" + b'1,p","q,a\n' * (MEGABYTE // 10),
    "one quote a line": b"age,town,label\n" + b'1,"p,a\n' * (MEGABYTE // 8),
    "lines of one quote": b"age,town,label\n" + b'"\n' * (MEGABYTE // 2),
    "a run of quotes": b"age,town,label\n" + b'"' * MEGABYTE,
    "a quote in front of long lines": b"age,town,label\n" + (b'"\n' * 8 + b"x" * 50_000 + b"\n") * 20,
    "delimiters": b"age,town,label\n" + b"," * MEGABYTE,
    "one column a letter": b"a," * (MEGABYTE // 2) + b"label\n1\n",
    "bytes of no letter": b"age,town,label\n" + b"\xff" * MEGABYTE,
    "lines of no letter": b"age,town,label\n" + b"\xff\n" * (MEGABYTE // 2),
    "lists in lists": b"[" * MEGABYTE,
    "objects in objects": b'{"a":' * (MEGABYTE // 5),
    "an array cut off in a text": b'[{"label":"' + b"x" * MEGABYTE,
    "an array of blanks": b'[{"label":"a"},' + b" \n" * (MEGABYTE // 2),
    "objects without line ends": b'{"label":"a"}' * (MEGABYTE // 13),
    "a wrapped array": b'{"data":[' + b'{"label":"a"},' * (MEGABYTE // 14) + b'{"label":"a"}]}',
    "many names": b"{" + b",".join(b'"n%d":1' % number for number in range(MEGABYTE // 10)) + b',"label":"a"}',
    "escapes": b'{"label":"' + b"\\\\" * (MEGABYTE // 2) + b'"}',
    "digits": b'{"age":' + b"9" * MEGABYTE + b',"label":"a"}',
    "blank lines, packed": gzip.compress(b"\n" * 5 * MEGABYTE, 9),
    "blank lines after a header, packed": gzip.compress(b"age,town,label\n" + b"\n" * 5 * MEGABYTE, 9),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", range(9))
def test_every_prefix_of_every_mark_is_read_or_refused(read: Read, name: str, size: int) -> None:
    for mark in MARKS:
        for encoding in ("", "cp1252", "utf-16"):
            try:
                assert read(mark[:size], name, encoding=encoding).numbers == []
            except UnreadableUpload as refusal:
                assert str(refusal)


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl", "a.json"])
@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_megabyte_costs_seconds_at_most(read: Read, name: str, content: bytes) -> None:
    with processor_seconds() as seconds:
        try:
            read(content, name)
        except UnreadableUpload as refusal:
            assert len(str(refusal)) < 1000
        assert seconds() < 15


@given(
    pieces=st.lists(
        st.sampled_from([b'"', b"\n", b",", b"a", b"1", b"\\", b"\xff", b"\0", b"{", b"}", b"[", b"]", b":"])
    ),
    head=st.sampled_from([b"age,town,label\n", b'{"label":', b'[{"label":"a"}', b'{"data": [{"label":"a"}', b""]),
    name=st.sampled_from(NAMES[:4]),
)
@hypothesis_settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_pieces_are_rows_malformed_rows_or_a_refusal(
    read: Read, pieces: list[bytes], head: bytes, name: str
) -> None:
    try:
        found = read(head + b"".join(pieces), name, escape="\\")
    except UnreadableUpload as refusal:
        str(refusal).encode()
    else:
        numbers = sorted([*found.numbers, *(row.number for row in found.malformed)])
        assert numbers == list(range(1, len(numbers) + 1))


ROWS = [{"age": 1, "label": "a"}, {"age": 2, "label": "b"}]


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
@pytest.mark.parametrize(
    "content",
    [
        b'{"age":1,"label":"a"}{"age":2,"label":"b"}',
        b'{"age":1,"label":"a"} {"age":2,"label":"b"}\n',
        b'{"age":1,"label":"a"}\n\n{"age":2,"label":"b"}',
        b'{\n "age": 1,\n "label": "a"\n}\n{\n "age": 2,\n "label": "b"\n}\n',
        b'{"data": [{"age":1,"label":"a"},{"age":2,"label":"b"}]}',
        b'{\n "data": [\n  {"age":1,"label":"a"},\n  {"age":2,"label":"b"}\n ]\n}\n',
        b'\xef\xbb\xbf{"a \\"b\\"":[\r\n{"age":1,"label":"a"},\r\n{"age":2,"label":"b"}]}',
    ],
)
def test_objects_are_read_however_they_stand(read: Read, name: str, content: bytes) -> None:
    found = read(content, name)
    assert found.malformed == []
    assert found.originals == ROWS


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
@pytest.mark.parametrize(
    "content",
    [
        b'{"data": [{"age":1,"label":"a"}], "total": 1}\n',
        b'{\n"data": [\n{"age":1,"label":"a"}\n],\n"total": 1}\n',
        b'{\n"meta": {"x": 1},\n"data": [\n{"age":1,"label":"a"}\n]}\n',
    ],
)
def test_an_object_that_holds_more_than_rows_is_refused_in_one_sentence(read: Read, name: str, content: bytes) -> None:
    with pytest.raises(UnreadableUpload, match=r"one JSON object|none of the columns"):
        read(content, name)


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
@pytest.mark.parametrize(
    "value",
    [b'{"age":1,"age":2,"label":"a"}', b'{"age":1,"age" :1,"label":"a:b"}', b'{"age":1,"\\u0061ge":2,"label":"a"}'],
)
def test_a_name_that_appears_twice_rejects_its_object(read: Read, name: str, value: bytes) -> None:
    good = b'{"age":1,"label":"12:30"}'
    content = b"[" + good + b"," + value + b"]" if name == "a.json" else good + b"\n" + value
    found = read(content, name)
    assert [(row.number, row.reason) for row in found.malformed] == [(2, "the name 'age' appears twice in the object")]
    assert found.numbers == [1]
