"""The fast CSV path gives the same rows, rejections and figures as the line reader, for any bytes."""

from __future__ import annotations

import csv
import gzip
import io
import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from preprocessing import Definition, parse_definition
from refrain.errors import UnreadableUpload
from refrain.ingest.fast_csv import arrow_columns, blocks
from refrain.ingest.keeping import keep
from refrain.ingest.readers import delimited

if TYPE_CHECKING:
    from collections.abc import Callable


MARKS = ["1970-01-01", "1970-01-01T00:00:00"]
COLUMNS: dict[str, Any] = {
    "label": {"type": "category", "allowed": ["a", "b"], "lower": True},
    "town": {"type": "category"},
    "amount": {"type": "number", "min": -1000, "missing": [999, "-"]},
    "member": {"type": "boolean"},
    "at": {"type": "time", "min": "1900-01-01", "missing": MARKS},
    "day": {"type": "time", "format": "%d.%m.%Y", "missing": MARKS},
}
HEADER = list(COLUMNS)
TREE = {"name": "tree", "estimator": "sklearn.tree.DecisionTreeClassifier"}


def define(**source: Any) -> Definition:
    document = {
        "task": "classification",
        "target": "label",
        "source": {"missing": ["?", "n/a"], **source},
        "columns": COLUMNS,
        "training": {"candidates": [TREE]},
    }
    return parse_definition("people", document, "people.toml")


class Lake:
    """Keeps what was uploaded, as bytes."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def upload(self, path: Path, key: str) -> None:
        self.files[key] = path.read_bytes()


Kept = tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]


def kept(content: bytes, definition: Definition) -> Kept | tuple[str, str]:
    """The facts of a receipt, all curated and all rejected rows; or the refusal."""
    lake: Any = Lake()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "upload"
        path.write_bytes(content)
        try:
            facts = keep(path, "csv", definition, "digest", lake)
        except UnreadableUpload as refusal:
            return refusal.code, str(refusal)
    curated: list[dict[str, Any]] = []
    rejected: list[dict[str, Any]] = []
    for key, data in lake.files.items():
        if key.startswith("curated"):
            curated += pq.read_table(io.BytesIO(data)).to_pylist()
        else:
            rejected += [json.loads(line) for line in gzip.decompress(data).splitlines()]
    for column in facts["columns"].values():  # of floats, which a sum in another order changes in the last digit
        for figure in ("mean", "std"):
            if column.get(figure) is not None:
                column[figure] = pytest.approx(column[figure], rel=1e-9, abs=1e-9)
    return facts, curated, rejected


def line_by_line(content: bytes, definition: Definition) -> Kept | tuple[str, str]:
    with patch.object(delimited, "can_parse_blocks", lambda _: False):
        return kept(content, definition)


def assert_same(content: bytes, definition: Definition) -> None:
    slow, fast = line_by_line(content, definition), kept(content, definition)
    assert fast == slow
    assert repr(fast[1:]) == repr(slow[1:])  # which tells 0.0 from -0.0


numbers_text = (
    "0|-0|1|-5|12.50|1.|.5|-.5|007|1e3|1E-2|+5|999|999.0|-|.|1.2.3|5-|1-2|--5|1,5|-1,5|1_000|inf|-inf|nan|NaN|0x10|3.5e38|"
    "1e400|1e-400|2000000|-2000|0.1|123456789012345678901234567890|2.2250738585072011e-308|٣"
)
times_text = (
    "2026-01-31T12:00:00Z|2026-01-31T12:00:00|2026-01-31 12:00|2026-01-31|2026-02-29|2024-02-29|1900-02-29|2026-13-01|"
    "2000-02-29T00:00:00+23:59|2026-01-32|2026-04-31|2026-01-31T24:00:00Z|2026-01-31T23:60:00Z|2026-01-31T12:00:00.5Z|"
    "2026-01-31T12:00:00.1234567Z|2026-01-31T12:00:00+02:00|2026-01-31T12:00:00+24:00|2026-01-31T12:00:00-0500|20260131|"
    "2026-W05-1|0000-01-01|0001-01-01|0001-01-01T00:00:00+01:00|9999-12-31T23:59:59-01:00|1899-12-31|1970-01-01|"
    "1970-01-01T00:00:00|60|1700000000|9999999999|1700000000.5|1700000000000|-1|31.1.2026|31.01.2026|2026-01-31t12:00:00z|"
    "2026-01-31_12:00:00"
)
words_text = (
    "a|b|A|B |c|true|no|Y|0|2|| |?|N/A|NULL|na|Bern|Zürich|Zu\u0308rich|two  words|tab\there|\u00a0x|x\u2028y|x\x0by|"
    "x\x1cy|ſ|\u212a|İ"
)
NUMBERS = [*numbers_text.split("|"), "9" * 400, "3" * 39]
TIMES = times_text.split("|")
WORDS = words_text.split("|")

anything = st.one_of(
    st.sampled_from(NUMBERS + TIMES + WORDS),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5),
)
numbers = st.one_of(
    st.sampled_from(NUMBERS), st.from_regex(r"-?[0-9]{0,3}\.?[0-9]{0,3}", fullmatch=True), st.floats().map(str)
)
iso = (
    r"[0-9]{4}-[01][0-9]-[0-3][0-9]"
    r"([T ][0-2][0-9]:[0-6][0-9](:[0-6][0-9](\.[0-9]{1,7})?)?(Z|[+-][0-2][0-9]:[0-6][0-9])?)?"
)
times = st.one_of(
    st.sampled_from(TIMES), st.from_regex(iso, fullmatch=True), st.datetimes().map(lambda time: time.isoformat())
)


def mostly(usual: list[str], *unusual: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.integers(0, 9).flatmap(
        lambda draw: st.sampled_from(usual) if draw < 6 else unusual[draw % len(unusual)] if draw < 9 else anything
    )


sensible = st.tuples(
    mostly(["a", "b"], st.sampled_from(["A", "B ", "c", ""])),
    mostly(["Bern", "Genf", ""], st.sampled_from(WORDS)),
    mostly(["1", "2.5", ""], numbers),
    mostly(["yes", "no", ""], st.sampled_from(["Y", "0", "1.0", "true ", "2"])),
    mostly(["2026-01-31T12:00:00Z", "2026-02-01T00:00:00"], times),
    mostly(["31.01.2026", ""], times),
)


def joined(fields: Any) -> st.SearchStrategy[str]:
    """Join fields with commas, some in quotes, some behind spaces, properly or not."""
    dress: dict[str, Callable[[str], str]] = {
        "plain": lambda text: text,
        "quoted": lambda text: '"' + text.replace('"', '""') + '"',
        "spaced": lambda text: f"  {text}",
        "torn": lambda text: f'"{text}',
    }
    styles = st.sampled_from(["plain"] * 9 + ["quoted"] * 4 + ["spaced", "torn"])
    return st.lists(styles, min_size=len(fields), max_size=len(fields)).map(
        lambda chosen: ",".join(dress[style](text) for style, text in zip(chosen, fields, strict=True))
    )


plainly = sensible.filter(lambda fields: not any(set(field) & set(',"\r\n') for field in fields)).map(",".join)
odd = st.sampled_from(
    [
        "",
        " ",
        "\t",
        ",",
        ",,,,,",
        '"',
        "x" * 40,
        '""',
        '"a","b","1","y","60",""',
        '"a ""x"" b",c,1,y,60,',
        'a,"x\ny",1,y,60,',
    ]
)
row = st.integers(0, 19).flatmap(
    lambda draw: (
        plainly
        if draw < 14
        else sensible.flatmap(joined)
        if draw < 18
        else odd
        if draw < 19
        else st.lists(anything, max_size=8).flatmap(joined)
    )
)
ends = st.sampled_from(["\n"] * 30 + ["\r\n"] * 8 + ["\r"])
tables = st.lists(st.tuples(row, ends), max_size=20).map(lambda rows: "".join(text + end for text, end in rows))


@given(
    table=tables,
    tail=st.sampled_from(["", "a,Bern,1,y,60,31.01.2026", '"a']),
    codec=st.sampled_from(["utf-8"] * 4 + ["utf-8-sig", "cp1252", "latin-1", "utf-16"]),
    decimal=st.sampled_from([".", ".", ","]),
    headed=st.booleans(),
    size=st.sampled_from([16, 64, 256, 4096]),
    longest=st.sampled_from([60, 10_000]),
)
@hypothesis_settings(max_examples=150, deadline=None)
def test_any_table_reads_the_same_in_blocks_as_line_by_line(
    table: str, tail: str, codec: str, decimal: str, headed: bool, size: int, longest: int
) -> None:
    source: dict[str, Any] = {"decimal": decimal, "delimiter": ",", "encoding": codec}
    if headed:
        source["header"] = HEADER
    head = "" if headed else ",".join(HEADER) + "\n"
    content = (head + table + tail).encode(codec, "replace")
    with (
        patch.multiple(blocks, MAX_BLOCK_BYTES=size, BLOCK=size),
        patch.multiple(delimited, MAX_CHUNK_ROWS=3, MAX_FIELD_LENGTH=longest),
        patch.object(arrow_columns, "MAX_SINGLE_TEXTS", 1),
    ):
        assert_same(content, define(**source))


DAYS = ["2026-01-31", "31.01.2026", "2026-02-30", "2026-01-31 09:00", "20260131", "?", "", " "]
CLOCKS = ["08:15", "8:15", "815", "24:00", "08:15:30.5", "08:15+02:00", "x", "n/a", ""]


@given(
    rows=st.lists(st.tuples(st.sampled_from(DAYS), st.sampled_from(CLOCKS), st.sampled_from("ab")), max_size=20),
    keys=st.fixed_dictionaries(
        {}, optional={"format": st.just(["%d.%m.%Y %H:%M", "%Y%m%d %H%M"]), "zone": st.just("Europe/Zurich")}
    ),
    names=st.sampled_from([["day", "clock", "y"], ["day", "y", "other"], ["at", "clock", "y"]]),
)
@hypothesis_settings(max_examples=60, deadline=None)
def test_a_time_of_several_columns_reads_the_same_in_blocks_as_line_by_line(
    rows: list[tuple[str, str, str]], keys: dict[str, Any], names: list[str]
) -> None:
    columns = {"at": {"type": "time", "from": ["day", "clock"], **keys}, "y": {"type": "category"}}
    source = {"missing": ["?", "n/a"]}
    document = {"task": "classification", "target": "y", "columns": columns, "training": {"candidates": [TREE]}}
    content = "\n".join(map(",".join, [names, *rows])).encode()
    with patch.multiple(blocks, MAX_BLOCK_BYTES=64, BLOCK=64):
        assert_same(content, parse_definition("m", {**document, "source": source}, "m.toml"))


@given(content=st.binary(max_size=300), headed=st.booleans(), size=st.sampled_from([16, 64, 4096]))
@hypothesis_settings(max_examples=150, deadline=None)
def test_any_bytes_read_the_same_in_blocks_as_line_by_line(content: bytes, headed: bool, size: int) -> None:
    source: dict[str, Any] = {"delimiter": ",", **({} if headed else {"header": HEADER})}
    head = ",".join(HEADER).encode() + b"\n" if headed else b""
    with patch.multiple(blocks, MAX_BLOCK_BYTES=size, BLOCK=size), patch.multiple(delimited, MAX_CHUNK_ROWS=3):
        assert_same(head + content, define(**source))


def csv_bytes(rows: list[list[str]]) -> bytes:
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows([HEADER, *rows])
    return file.getvalue().encode()


GOOD = ["a", "Bern", "1", "yes", "2026-01-31T12:00:00Z", "31.01.2026"]


@pytest.mark.parametrize("decimal", [".", ","])
@pytest.mark.parametrize("index", range(len(HEADER)))
@pytest.mark.parametrize("values", [NUMBERS, TIMES, WORDS], ids=["numbers", "times", "words"])
def test_any_value_means_the_same_in_a_block_as_in_a_line(values: list[str], index: int, decimal: str) -> None:
    rows = [[*GOOD[:index], value, *GOOD[index + 1 :]] for value in values]
    with patch.object(arrow_columns, "MAX_SINGLE_TEXTS", 1):
        assert_same(csv_bytes([*rows, *[GOOD] * 5]), define(decimal=decimal))


def test_a_required_column_that_the_file_lacks_rejects_its_rows() -> None:
    definition = define()
    town = replace(definition.columns["town"], required=True)
    definition = replace(definition, columns={**definition.columns, "town": town})
    content = csv_bytes([GOOD] * 3).replace(b"town", b"city")
    assert_same(content, definition)
    facts = kept(content, definition)[0]
    assert isinstance(facts, dict)
    assert (facts["rows_kept"], facts["rows_rejected"], facts["parts"]) == (0, 3, [])


@pytest.mark.parametrize("read", [kept, line_by_line])
def test_rejected_rows_keep_the_order_of_the_file(read: Callable[[bytes, Definition], Any]) -> None:
    wrong = ",".join(GOOD).replace("a,", "c,", 1)
    lines = [",".join(HEADER), wrong, "ragged", wrong, *[",".join(GOOD)] * 5, "ragged", wrong]
    _, _, rejected = read("\n".join(lines).encode(), define())
    assert [row["line"] for row in rejected] == [2, 3, 4, 10, 11]


@pytest.mark.parametrize("mark", ["", "  ", "?", " n/a", "x"])
def test_numbers_that_are_parts_of_a_time_read_the_same_in_blocks(mark: str) -> None:
    columns = {
        "label": {"type": "category"},
        "year": {"type": "number"},
        "month": {"type": "number"},
        "at": {"type": "time", "from": ["year", "month"], "format": "%Y %m"},
    }
    document = {"task": "classification", "target": "label", "columns": columns, "training": {"candidates": [TREE]}}
    definition = parse_definition("people", {**document, "source": {"missing": ["?", "n/a"]}}, "people.toml")
    assert_same(f"label,year,month\na, 2026,07\nb,2026, 8\nc,2026,{mark}\nd,2026,12\n".encode(), definition)
