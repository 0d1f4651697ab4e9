"""Samples of files in every format, spread over all rows."""

from __future__ import annotations

import gzip
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from refrain.errors import UnreadableUpload
from refrain.ingest.file_sample import sample_file
from refrain.ingest.rehearsal import MIN_SAMPLED_ROWS

if TYPE_CHECKING:
    from pathlib import Path

ROWS = [{"n": number, "who": f"name {number % 3}", "on": number % 2 == 0} for number in range(50)]


def csv_text(rows: list[dict[str, Any]]) -> str:
    return "\n".join([",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)])


def write(folder: Path, name: str) -> Path:
    path = folder / name
    if name.endswith(".parquet"):
        pq.write_table(pa.Table.from_pylist(ROWS), path)
    elif name.endswith(".jsonl"):
        path.write_text("\n".join(map(json.dumps, ROWS)))
    elif name.endswith(".json"):
        path.write_text(json.dumps(ROWS))
    elif name.endswith(".gz"):
        path.write_bytes(gzip.compress(csv_text(ROWS).encode()))
    else:
        path.write_text(csv_text(ROWS))
    return path


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.jsonl", "a.json", "a.parquet"])
def test_every_format_has_the_same_rows(tmp_path: Path, name: str) -> None:
    sample = sample_file(write(tmp_path, name))

    assert (sample.rows, sample.share) == (50, 1.0)
    assert list(sample.columns) == ["n", "who", "on"]
    assert [str(value) for value in sample.columns["n"]] == [str(row["n"]) for row in ROWS]
    assert [str(value) for value in sample.columns["on"]] == [str(row["on"]) for row in ROWS]


def test_a_sample_of_a_long_file_is_bounded_and_spread_evenly(tmp_path: Path) -> None:
    rows = 6 * MIN_SAMPLED_ROWS
    path = tmp_path / "long.csv"
    path.write_text("n,who\n" + "".join(f"{row},a\n" if row % 1000 else f"{row},a,b\n" for row in range(rows)))

    sample = sample_file(path)
    numbers = [int(str(value)) for value in sample.columns["n"]]

    assert sample.rows == rows
    assert MIN_SAMPLED_ROWS * 0.9 <= len(numbers) <= 2 * MIN_SAMPLED_ROWS
    assert numbers == sorted(numbers)
    assert numbers[0] < 10
    assert numbers[-1] > rows - 20


def test_columns_that_no_definition_can_name_are_listed_and_reserved_names_renamed(tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text("_id,a,a,,b\n1,2,3,4,5\n6,7,8,9,0\n")

    sample = sample_file(path)

    assert list(sample.columns) == ["id", "b"]
    assert sample.source.keys == {"rename": {"_id": "id"}}
    assert set(sample.unusable) == {"a", ""}


def test_nested_columns_of_parquet_are_left_out_and_typed_values_kept(tmp_path: Path) -> None:
    path = tmp_path / "nested.parquet"
    pq.write_table(pa.table({"at": [datetime(2026, 1, 31)], "tags": [["a"]], "n": [1.5]}), path)

    sample = sample_file(path)

    assert set(sample.columns) == {"at", "n"}
    assert "tags" in sample.unusable
    assert sample.columns["n"] == [1.5]


@pytest.mark.parametrize(("name", "text"), [("a.csv", "a,b\n"), ("a.txt", "a,b\n1,2\n"), ("a.jsonl", "[1]\n")])
def test_a_file_without_rows_or_columns_is_refused(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)

    with pytest.raises(UnreadableUpload):
        sample_file(tmp_path / name)
