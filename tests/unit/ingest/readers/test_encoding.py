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
        ("a,b\n1,ü\n".encode("utf-16-le"), "utf-16", "utf-16-le"),
        (b"a,b", "utf-16", "utf-8"),
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


TABLES = {
    "a.csv": ("age,town,label\n", "39,{},a\n", ""),
    "a.jsonl": ("", '{{"age": 39, "town": "{}", "label": "a"}}\n', ""),
    "a.json": ("[", '{{"age": 39, "town": "{}", "label": "a"}},\n', '{"age": 39, "town": "Bern", "label": "a"}]'),
}


def table(name: str, *towns: bytes) -> bytes:
    head, row, tail = (text.encode() for text in TABLES[name])
    return head + b"".join(row.replace(b"{}", town).replace(b"{{", b"{").replace(b"}}", b"}") for town in towns) + tail


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize(
    ("town", "reason"), [(b"Gen\xe8ve", "byte 0xe8 is not utf-8"), (b"\xe8", "byte 0xe8"), (b"a\0b", "a NUL byte")]
)
@pytest.mark.parametrize("others", [[b"Bern"], ["Zürich".encode()], [b"Bern"] * 20_000], ids=["one", "utf-8", "many"])
def test_one_bad_byte_costs_one_row(
    read: Callable[..., Any], name: str, town: bytes, reason: str, others: list[bytes]
) -> None:
    found = read(table(name, *others, town, *others), name)
    (row,) = found.malformed
    assert reason in row.reason
    assert row.number == len(others) + 1
    assert len(found.numbers) == 2 * len(others) + (name == "a.json")


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize(
    ("towns", "words"),
    [
        ([b"Z\xfcrich", b"Bern"] * 20, r"byte 0xfc is not utf-8 \(.*source\.encoding"),
        (["Zürich".encode()] * 40 + [b"Z\xfcrich"] * 20, "most letters beyond ASCII are UTF-8, so correct the others"),
        ([b"Z\xfcrich"] * 12_000, "byte 0xfc is not utf-8; .*source.encoding"),
        ([b"a\0b", b"Bern"] * 20, "NUL byte .*UTF-16"),
    ],
    ids=["half", "the rest is utf-8", "all", "nul"],
)
def test_many_bad_bytes_refuse_the_file_and_say_what_helps(
    read: Callable[..., Any], name: str, towns: list[bytes], words: str
) -> None:
    with pytest.raises(UnreadableUpload, match=words) as refusal:
        read(table(name, *towns), name)
    assert refusal.value.code in {"encoding", "binary"}
    assert ("source.encoding" in str(refusal.value)) != ("correct" in str(refusal.value))


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("declared", ["cp1252", "latin-1", "iso8859-15", "cp1251", "mac-roman"])
@pytest.mark.parametrize("before", [0, 30_000])
def test_utf_8_under_a_declared_code_page_is_read_as_utf_8(
    read: Callable[..., Any], name: str, declared: str, before: int
) -> None:
    found = read(table(name, *[b"Bern"] * before, "Zürich".encode(), "Genève".encode()), name, encoding=declared)
    assert found.columns["town"][before : before + 2] == ["Zürich", "Genève"]


def test_a_line_of_utf_8_among_lines_of_a_code_page_is_malformed(read: Callable[..., Any]) -> None:
    towns = ["Zürich".encode("cp1252")] * 200
    found = read(table("a.csv", *towns, "Genève".encode(), *towns), encoding="cp1252")
    assert [row.reason for row in found.malformed] == ["letters of UTF-8, not of cp1252"]
    assert found.columns["town"] == ["Zürich"] * 400


def test_utf_16_cut_in_the_middle_of_a_letter_is_refused(read: Callable[..., Any]) -> None:
    with pytest.raises(UnreadableUpload, match="is not utf-16"):
        read(TEXT.encode("utf-16")[:-1])
