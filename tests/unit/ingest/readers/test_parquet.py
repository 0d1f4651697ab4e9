"""Parquet, with the types that writers choose."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from preprocessing import Definition, objects, parse_definition, prepare
from refrain.errors import UnreadableUpload
from refrain.ingest.readers import parquet

Read = Callable[..., Any]
Define = Callable[..., Definition]


def file(table: Any, **options: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table if isinstance(table, pa.Table) else pa.table(table), sink, **options)
    return sink.getvalue()


def test_columns_come_typed_and_only_those_of_the_definition(read: Read) -> None:
    found = read(file({"age": [39, None], "town": ["Bern", None], "label": ["a", "b"], "x": [[1], [2]]}), "a.parquet")
    assert found.columns["town"] == ["Bern", None]
    assert found.columns["age"][0] == 39
    assert np.isnan(found.columns["age"][1])
    assert found.found == ["age", "town", "label", "x"]
    assert found.numbers == found.lines == [1, 2]
    assert found.originals[1] == {"age": None, "town": None, "label": "b"}


@pytest.mark.parametrize(
    "days",
    [
        pa.array([date(2026, 1, 31), None]),
        pa.array([date(2026, 1, 31), None], pa.date64()),
        pa.array([datetime(2026, 1, 31), None], pa.timestamp("ns")),
        pa.array([datetime(2026, 1, 31), None], pa.timestamp("us", "UTC")),
        pa.array(["2026-01-31", None]).dictionary_encode(),
    ],
    ids=lambda array: str(array.type),
)
@pytest.mark.parametrize(
    "clocks",
    [
        pa.array([time(8, 15), None], pa.time32("s")),
        pa.array([time(8, 15), None], pa.time64("ns")),
        pa.array([b"08:15", None]),
        pa.array(["08:15:00", None]),
    ],
    ids=lambda array: str(array.type),
)
def test_typed_parts_of_a_time_become_one(read: Read, define: Define, days: Any, clocks: Any) -> None:
    at = {"type": "time", "from": ["day", "clock"], "zone": "Europe/Zurich", "required": True}
    document = {**define().document, "columns": {"label": {"type": "category"}, "at": at}}
    definition = parse_definition("people", document, "people.toml")
    found = read(file({"day": days, "clock": clocks, "label": ["a", "b"]}), "a.parquet", definition)
    raw = {name: objects(values) for name, values in found.columns.items()}
    decoded, problems = prepare(definition, raw, 2)
    assert decoded["at"].tolist() == [datetime(2026, 1, 31, 7, 15), None]
    assert [(problem.row, problem.column, problem.reason) for problem in problems] == [(1, "at", "is required")]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array([1, None], pa.int64()), [1, None]),
        (pa.array([1, None], pa.uint8()), [1, None]),
        (pa.array([1.5, None], pa.float32()), [1.5, None]),
        (pa.array([1.5, None], pa.float16()), [1.5, None]),
        (pa.array([Decimal("1.25"), None], pa.decimal128(9, 2)), [1.25, None]),
        (pa.array(["1.5", ""], pa.string()), [1.5, None]),
        (pa.array(["1.5", None]).dictionary_encode(), [1.5, None]),
        (pa.array([None, None], pa.null()), [None, None]),
    ],
)
def test_numbers_are_read_from_every_type_that_holds_them(
    read: Read, define: Define, values: Any, expected: list[float | None]
) -> None:
    found = read(file({"age": values, "label": ["a", "b"]}), "a.parquet")
    columns, problems = prepare(define(), {k: np.array(v, object) for k, v in found.columns.items()}, 2)
    assert problems == []
    assert [None if np.isnan(value) else value for value in columns["age"]] == expected


@pytest.mark.parametrize(
    "values",
    [
        pa.array([True, False]),
        pa.array([date(2026, 1, 1), None]),
        pa.array([b"\xff", b"\xfe"]),
        pa.array([datetime(2026, 1, 1, tzinfo=UTC), None]),
    ],
)
def test_what_is_no_number_is_a_problem_of_its_row(read: Read, define: Define, values: Any) -> None:
    found = read(file({"age": values, "label": ["a", "b"]}), "a.parquet")
    _, problems = prepare(define(), {k: np.array(v, object) for k, v in found.columns.items()}, 2)
    assert (problems[0].row, problems[0].column, problems[0].reason) == (0, "age", "expected a number")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array([7, None], pa.int64()), ["7", None]),
        (pa.array([2**60 + 1, None], pa.int64()), [str(2**60 + 1), None]),
        (pa.array([True, None]), ["true", None]),
        (pa.array(["x", "y"]).dictionary_encode(), ["x", "y"]),
        (pa.array(["x", None], pa.large_string()), ["x", None]),
        (pa.array(["x", None], pa.string_view()), ["x", None]),
        (pa.array(["ü".encode(), None], pa.binary()), ["ü", None]),
        (pa.array([date(2026, 1, 31), None]), ["2026-01-31", None]),
        (pa.array([1_000_000_001, None], pa.timestamp("ns")), ["1970-01-01T00:00:01", None]),
    ],
)
def test_categories_are_read_from_every_type_that_holds_them(
    read: Read, define: Define, values: Any, expected: list[str | None]
) -> None:
    found = read(file({"town": values, "label": ["a", "b"]}), "a.parquet")
    columns, problems = prepare(define(), {k: np.array(v, object) for k, v in found.columns.items()}, 2)
    assert problems == []
    assert columns["town"].tolist() == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array([1_700_000_000, None], pa.timestamp("s")), 1_700_000_000),
        (pa.array([1_700_000_000_000_000_123, None], pa.timestamp("ns", "Europe/Zurich")), 1_700_000_000),
        (pa.array([date(2023, 11, 14), None], pa.date32()), 1_699_920_000),
        (pa.array([date(2023, 11, 14), None], pa.date64()), 1_699_920_000),
        (pa.array([1_700_000_000, None], pa.int64()), 1_700_000_000),
        (pa.array(["2023-11-14T22:13:20Z", None]), 1_700_000_000),
    ],
)
def test_times_are_read_from_every_type_that_holds_them(
    tmp_path: Any, define: Define, values: Any, expected: int
) -> None:
    definition = define({"at": {"type": "time", "role": "feature"}, "label": {"type": "category"}})
    path = tmp_path / "upload"
    path.write_bytes(file({"at": values, "label": ["a", "b"]}))
    with parquet.read_parquet(path, definition, "parquet") as reading:
        (chunk,) = reading.chunks
    columns, problems = prepare(definition, chunk.columns, chunk.rows)
    assert problems == []
    assert columns["at"].astype("datetime64[s]").astype(int)[0] == expected
    assert np.isnat(columns["at"][1])


def test_names_with_dots_are_names(read: Read, define: Define) -> None:
    definition = define({"emp.var": {"type": "number"}, "emp": {"type": "number"}, "label": {"type": "category"}})
    content = file({"emp.var": [1], "emp": [2], "label": ["a"]})
    assert read(content, "a.parquet", definition).columns == {"emp.var": [1], "emp": [2], "label": ["a"]}


def test_many_row_groups_are_numbered_through(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "MAX_CHUNK_ROWS", 7)
    content = file({"age": list(range(100)), "label": ["a"] * 100}, row_group_size=13)
    found = read(content, "a.parquet")
    assert found.numbers == list(range(1, 101))
    assert found.columns["age"] == list(range(100))


def test_a_parquet_file_may_be_compressed_as_a_whole(read: Read) -> None:
    content = gzip.compress(file({"age": [39], "label": ["a"]}))
    assert read(content, "a.parquet.gz").columns == {"age": [39], "label": ["a"]}


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (b"age,label\n1,a\n", "corrupt", "cannot be read as Parquet"),
        (b"", "corrupt", "cannot be read as Parquet"),
        (file({"age": [1], "label": ["a"]})[:-20], "corrupt", "cannot be read as Parquet"),
        (file({"age": [[1]], "label": ["a"]}), "nested", "column 'age' is of type list"),
        (file({"label": [{"x": 1}]}), "nested", "struct"),
        (file({"x": [1]}), "no_columns", "Found: x"),
        (file({"age": [1]}), "no_target", "label"),
        (
            file(pa.Table.from_arrays([pa.array([1]), pa.array(["a"]), pa.array([1])], ["age", "label", "age"])),
            "duplicate_column",
            "twice",
        ),
    ],
)
def test_what_is_no_table_of_ours_is_refused_in_words(read: Read, content: bytes, code: str, words: str) -> None:
    with pytest.raises(UnreadableUpload) as refusal:
        read(content, "a.parquet")
    assert refusal.value.code == code
    assert words in str(refusal.value)


def test_damage_in_the_middle_is_refused(read: Read) -> None:
    rng = np.random.default_rng(0)
    content = bytearray(file({"age": rng.random(50_000), "label": ["a"] * 50_000}, write_page_checksum=True))
    content[1000:3000] = b"\xff" * 2000
    with pytest.raises(UnreadableUpload) as refusal:
        read(bytes(content), "a.parquet")
    assert refusal.value.code == "corrupt"
