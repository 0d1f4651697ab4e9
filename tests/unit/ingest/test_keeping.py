"""Curated parts, rejected rows and profiles: the same for the same rows, however they were cut into chunks."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from preprocessing import Definition, Problem, objects, parse_definition
from refrain.ingest import category_counts, curated, keeping, profile, rejected
from refrain.ingest.keeping import UploadedFile, keep
from refrain.ingest.readers.chunks import Chunk, Malformed
from refrain.ingest.readers.dialect import EMPTY_LINE
from refrain.lake.receipt import Rejection

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KINDS = {
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "time": {"type": "time", "role": "ignore"},
    "label": {"type": "category"},
}


@pytest.fixture
def definition(define: Callable[..., Definition]) -> Definition:
    return define(KINDS)


def columns(rows: int) -> dict[str, Any]:
    """Typed columns in which every third value is missing."""
    absent = np.arange(rows) % 3 == 2
    return {
        "number": np.where(absent, np.nan, np.arange(rows, dtype=float)),
        "boolean": np.where(absent, np.nan, np.arange(rows) % 2),
        "time": np.where(
            absent,
            np.datetime64("NaT", "us"),
            np.datetime64("2026-01-01", "us") + np.arange(rows).astype("timedelta64[us]"),
        ),
        "label": objects([None if absent[row] else f"l{row % 5}" for row in range(rows)]),
    }


def tables(definition: Definition, rows: int, size: int) -> list[Any]:
    whole = columns(rows)
    return [
        curated.arrow_table(
            definition,
            {name: array[start : start + size] for name, array in whole.items()},
            np.arange(start + 1, min(start + size, rows) + 1),
        )
        for start in range(0, rows, size)
    ]


def test_missing_is_null_in_every_type(tmp_path: Path, definition: Definition) -> None:
    with closing(curated.Curated(tmp_path, definition)) as kept:
        kept.add(tables(definition, 3, 3)[0])
    table = pq.read_table(kept.parts[0].path)
    assert table.to_pylist()[2] == {"number": None, "boolean": None, "time": None, "label": None, "_row": 3}
    assert [str(field.type) for field in table.schema] == ["double", "bool", "timestamp[us, tz=UTC]", "string", "int64"]


def test_parts_hold_no_more_than_they_may_and_all_rows_in_order(
    tmp_path: Path, definition: Definition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(curated, "MAX_PART_ROWS", 250)
    monkeypatch.setattr(curated, "MAX_GROUP_BYTES", 3000)
    with closing(curated.Curated(tmp_path, definition)) as kept:
        for table in tables(definition, 1000, 60):
            kept.add(table)
    assert [part.rows for part in kept.parts] == [240, 240, 240, 240, 40]
    assert [part.path.name for part in kept.parts] == [f"part-{number:04d}.parquet" for number in range(5)]
    read = [row for part in kept.parts for row in pq.read_table(part.path).to_pylist()]
    assert read == tables(definition, 1000, 1000)[0].to_pylist()


def test_a_table_longer_than_a_part_is_cut(
    tmp_path: Path, definition: Definition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(curated, "MAX_PART_ROWS", 250)
    monkeypatch.setattr(curated, "STEP", 100)
    (table,) = tables(definition, 1000, 1000)
    with closing(curated.Curated(tmp_path, definition)) as kept:
        kept.add(table.slice(0, 30))
        kept.add(table.slice(30))
    assert [part.rows for part in kept.parts] == [230, 200, 200, 200, 170]
    read = [row for part in kept.parts for row in pq.read_table(part.path).to_pylist()]
    assert read == table.to_pylist()


def test_rows_that_were_read_one_by_one_stand_where_they_stood(definition: Definition) -> None:
    (table,) = tables(definition, 12, 12)
    odd = np.arange(12) % 5 == 1
    merged = curated.merge_by_row_number(table.filter(odd), table.filter(~odd))
    assert merged.to_pylist() == table.to_pylist()


def test_the_same_rows_are_the_same_bytes(tmp_path: Path, definition: Definition) -> None:
    written = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        with closing(curated.Curated(tmp_path / name, definition)) as kept:
            for table in tables(definition, 500, 100):
                kept.add(table)
        written.append(kept.parts[0].path.read_bytes())
    assert written[0] == written[1]


def test_what_repeats_is_a_dictionary_and_texts_have_no_statistics(
    tmp_path: Path, define: Callable[..., Definition]
) -> None:
    definition = define({"few": {"type": "number"}, "many": {"type": "number"}, "label": {"type": "category"}})
    rows = np.arange(1000.0)
    values = {"few": rows % 7, "many": rows, "label": objects([f"l{row % 5}" for row in range(1000)])}
    with closing(curated.Curated(tmp_path, definition)) as kept:
        kept.add(curated.arrow_table(definition, values, np.arange(1, 1001)))
    group = pq.ParquetFile(kept.parts[0].path).metadata.row_group(0)
    columns = {group.column(index).path_in_schema: group.column(index) for index in range(group.num_columns)}
    assert [name for name, column in columns.items() if column.has_dictionary_page] == ["few", "label"]
    assert [name for name, column in columns.items() if not column.is_stats_set] == ["label"]
    assert "DELTA_BINARY_PACKED" in columns["_row"].encodings


def test_without_rows_no_part_is_written(tmp_path: Path, definition: Definition) -> None:
    with closing(curated.Curated(tmp_path, definition)) as kept:
        kept.add(tables(definition, 3, 3)[0].slice(0, 0))
    assert kept.parts == []


@given(size=st.integers(1, 120))
@hypothesis_settings(max_examples=25, deadline=None)
def test_a_profile_is_the_same_however_the_rows_are_cut(size: int) -> None:
    # Given a profile of all rows taken at once
    tree = {"name": "tree", "estimator": "sklearn.tree.DecisionTreeClassifier"}
    document = {"task": "classification", "target": "label", "columns": KINDS, "training": {"candidates": [tree]}}
    definition = parse_definition("people", document, "people.toml")
    values = columns(100)["number"]
    labels = Counter(label for label in columns(100)["label"] if label is not None)
    # When they come in pieces
    figures = profile.Profile(definition)
    for table in tables(definition, 100, size):
        figures.add(table)
    found = figures.figures()
    # Then nothing differs
    number = dict(found["number"])
    assert number.pop("mean") == pytest.approx(np.nanmean(values))
    assert number.pop("std") == pytest.approx(np.nanstd(values))
    assert number == {"type": "number", "count": 67, "missing": 33, "min": 0.0, "max": 99.0}
    assert found["boolean"] == {"type": "boolean", "count": 67, "missing": 33, "true": 34, "false": 33}
    assert found["time"] == {
        "type": "time",
        "count": 67,
        "missing": 33,
        "min": "2026-01-01T00:00:00.000000Z",
        "max": "2026-01-01T00:00:00.000099Z",
    }
    assert (found["label"]["distinct"], found["label"]["distinct_is_at_least"]) == (5, False)
    assert found["label"]["top"] == [
        {"value": value, "rows": rows} for value, rows in sorted(labels.items(), key=lambda item: (-item[1], item[0]))
    ]


def test_a_profile_of_nothing_has_no_figures(definition: Definition) -> None:
    found = profile.Profile(definition).figures()
    assert found["number"] == {
        "type": "number",
        "count": 0,
        "missing": 0,
        "min": None,
        "max": None,
        "mean": None,
        "std": None,
    }
    assert found["time"]["min"] is None


def test_distinct_values_are_counted_up_to_a_limit(definition: Definition, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(category_counts, "MAX_DISTINCT_VALUES", 3)
    figures = profile.Profile(definition)
    figures.add(tables(definition, 100, 100)[0])
    assert (figures.figures()["label"]["distinct"], figures.figures()["label"]["distinct_is_at_least"]) == (3, True)


@pytest.mark.parametrize(
    ("name", "empty"),
    [("csv", b",,,"), ("csv", b" ,,\t,"), ("csv", b",,,,,"), ("jsonl", b"{}"), ("jsonl", b'{"label": " ", "x": null}')],
)
def test_a_line_without_any_value_is_rejected_as_an_empty_line(
    tmp_path: Path, define: Callable[..., Definition], name: str, empty: bytes
) -> None:
    kinds = {kind: settings | {"required": True} for kind, settings in KINDS.items()}
    row = {"csv": b"1,true,2026-01-01,a\n", "jsonl": b'{"number":1,"boolean":true,"time":"2026-01-01","label":"a"}\n'}[
        name
    ]
    path = tmp_path / "upload"
    path.write_bytes((b"number,boolean,time,label\n" if name == "csv" else b"") + row * 8 + empty + b"\n" + row)
    facts = keep(path, name, define(kinds), "digest", Mock())
    assert (facts["rows_kept"], facts["rejections"]) == (9, [{"column": "", "reason": EMPTY_LINE, "rows": 1}])


@pytest.mark.parametrize(
    ("name", "content", "notes"),
    [
        ("csv", b"Number,label\n1,a\n", ["column 'number' is absent: did you mean 'Number'?"]),
        ("csv", b"number,label\n1,a\nnumber,label\n2,b\n", ["1 line(s) that repeat the header are no rows"]),
        ("csv", b'number,label\n1,"a\nb"\n', ["1 row(s) span several lines, first in line 2"]),
        ("jsonl", b'{"NUMBER ": 1, "label": "a"}\n', ["column 'number' is absent: did you mean 'NUMBER '?"]),
        ("jsonl", b'{"\\ud800": 1, "label": "a"}\n', []),
        (
            "csv",
            b"number,label\n1,19\n2,19.0\n3,Bern\n",
            ["column 'label' has the categories '19.0' and '19': whole = true makes them one"],
        ),
        (
            "jsonl",
            b'{"number": 1, "label": true}\n{"number": 1, "label": "True"}\n',
            ["column 'label' has the categories 'True' and 'true': lower = true makes them one"],
        ),
    ],
)
def test_a_receipt_notes_what_the_owner_of_a_file_should_know(
    tmp_path: Path, definition: Definition, name: str, content: bytes, notes: list[str]
) -> None:
    path = tmp_path / "upload"
    path.write_bytes(content)
    facts = keep(path, name, definition, "digest", Mock())
    assert facts["notes"] == notes
    json.dumps(facts, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("content", "absent", "ignored", "notes"),
    [
        (b"date,hour,y\n2026-01-31,08,a\n", [], [], []),
        (b"at,y\n2026-01-31T08:00,a\n", [], [], []),
        (b"at,hour,y\n2026-01-31T08:00,1,a\n", [], [], []),
        (b"date,y\n2026-01-31,a\n", ["hour"], [], []),
        (b"y,x\na,1\n", ["date", "hour"], ["x"], []),
        (b"Date,hour,y\n2026-01-31,08,a\n", ["date"], ["Date"], ["column 'date' is absent: did you mean 'Date'?"]),
    ],
)
def test_a_receipt_lists_the_absent_parts_of_a_time_of_several_columns(
    tmp_path: Path, define: Callable[..., Definition], content: bytes, absent: list[str], ignored: list[str], notes: Any
) -> None:
    columns = {"y": {"type": "category"}, "at": {"type": "time", "from": ["date", "hour"]}}
    document = {**define(KINDS).document, "target": "y", "columns": columns}
    path = tmp_path / "upload"
    path.write_bytes(content)
    facts = keep(path, "csv", parse_definition("m", document, "m.toml"), "digest", Mock())
    assert (facts["rows_kept"], facts["absent_columns"]) == (1, absent)
    assert (facts["ignored_columns"], facts["notes"]) == (ignored, notes)


def test_a_file_is_another_upload_once_its_values_mean_something_else(
    definition: Definition, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = UploadedFile(Mock(), "csv", Mock(), "sha")
    before = file.digest(definition)
    assert file.digest(definition) == before
    monkeypatch.setattr(keeping, "preprocessing_version", "9.0.0")
    assert file.digest(definition) != before


def test_rejected_rows_are_json_whatever_was_in_them(tmp_path: Path) -> None:
    row = {
        "at": np.datetime64("2026-01-01"),
        "nan": float("nan"),
        "deep": [float("inf"), {"x": b"\xff"}],
        "odd": "\ud800",
    }
    chunk = Chunk(np.array([1]), np.array([7]), {}, lambda _: row)
    with closing(rejected.Rejected(tmp_path / "rejected")) as rows:
        rows.invalid(chunk, 0, [Problem(0, "nan", np.float64("nan"), "no"), Problem(0, "odd", "\ud800", "never")])
        rows.malformed(Malformed(2, 9, "expected 2 fields, got 1", ["x"]))
    first, second = [json.loads(line) for line in gzip.decompress(rows.path.read_bytes()).splitlines()]
    assert first == {
        "line": 7,
        "column": "nan",
        "value": "nan",
        "reason": "no",
        "more": [{"column": "odd", "value": "\ud800", "reason": "never"}],
        "row": {"at": "2026-01-01", "nan": "nan", "deep": ["inf", {"x": "b'\\xff'"}], "odd": "\ud800"},
    }
    assert second["row"] == ["x"]
    assert rows.rows == 2
    assert Rejection("odd", "never", 1) in rows.reasons()
