"""Letters from bytes."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, Any

import pytest

from refrain.errors import UnreadableUpload
from refrain.ingest.readers.encoding import detect_codec

if TYPE_CHECKING:
    from collections.abc import Callable

TEXT = "age,town,label\n39,Zürich,a\n40,東京,b\n"


@pytest.mark.parametrize(
    ("head", "declared", "codec"),
    [
        (b"", "", "utf-8"),
        ("ü".encode(), "", "utf-8"),
        (codecs.BOM_UTF8 + b"a", "", "utf-8-sig"),
        (codecs.BOM_UTF8 + b"a", "latin-1", "utf-8-sig"),
        ("abc".encode("utf-16"), "", "utf-16"),
        (codecs.BOM_UTF16_BE + "abc".encode("utf-16-be"), "latin-1", "utf-16"),
        ("a,b\n1,ü\n".encode("utf-16-le"), "", "utf-16-le"),
        ("a,b\n1,ü\n".encode("utf-16-be"), "", "utf-16-be"),
        ("abc".encode("utf-32"), "", "utf-32"),
        ("ü".encode("latin-1"), "latin-1", "latin-1"),
        (b"a\0b\0\0\0\0\0", "", "utf-8"),
    ],
)
def test_the_codec_is_found_by_mark_then_definition_then_zeros(head: bytes, declared: str, codec: str) -> None:
    assert detect_codec(head, declared) == codec


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.json"])
def test_a_file_reads_the_same_in_every_encoding_of_unicode(read: Callable[..., Any], name: str, codec: str) -> None:
    texts = {
        "a.csv": TEXT,
        "a.jsonl": '{"age": "39", "town": "Zürich", "label": "a"}\n{"age": "40", "town": "東京", "label": "b"}\n',
        "a.json": '[{"age": "39", "town": "Zürich", "label": "a"}, {"age": "40", "town": "東京", "label": "b"}]',
    }
    assert read(texts[name].encode(codec), name).columns == {
        "age": ["39", "40"],
        "town": ["Zürich", "東京"],
        "label": ["a", "b"],
    }


def test_latin_1_is_read_where_the_definition_says_so(read: Callable[..., Any]) -> None:
    content = "age;town;label\r\n39;Zürich;a\r\n".encode("latin-1")
    assert read(content, encoding="latin-1").columns["town"] == ["Zürich"]


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
@pytest.mark.parametrize("before", [0, 1, 3000])
def test_latin_1_unsaid_is_refused_naming_line_byte_and_key(read: Callable[..., Any], name: str, before: int) -> None:
    row, header = {
        "a.csv": ("39,Bern,a\n", "age,town,label\n"),
        "a.jsonl": ('{"age": 39, "town": "Bern", "label": "a"}\n', ""),
    }[name]
    content = header + row * before + row.replace("Bern", "Zürich")
    line = before + content.count("\n", 0, len(header)) + 1
    with pytest.raises(UnreadableUpload, match=rf"^line {line}: byte 0xfc is not utf-8.*source\.encoding") as refusal:
        read(content.encode("latin-1"), name)
    assert refusal.value.code == "encoding"


def test_latin_1_unsaid_in_an_array_is_refused_naming_the_element(read: Callable[..., Any]) -> None:
    good = '{"age": 39, "town": "Bern", "label": "a"}, '
    content = "[" + good * 20_000 + good.replace("Bern", "Zürich")
    with pytest.raises(UnreadableUpload, match=r"^after element \d+: byte 0xfc is not utf-8"):
        read(content.encode("latin-1"), "a.json")


def test_utf_16_cut_in_the_middle_of_a_letter_is_refused(read: Callable[..., Any]) -> None:
    with pytest.raises(UnreadableUpload, match="is not utf-16"):
        read(TEXT.encode("utf-16")[:-1])
