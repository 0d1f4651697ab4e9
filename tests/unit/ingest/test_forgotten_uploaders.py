"""Rows of people who were forgotten are refused, whatever reader they come through, and nothing of them is kept."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from preprocessing import objects, parse_definition
from refrain.ingest.keeping import keep_rows
from refrain.lake.forgotten_keys import FORGOTTEN, ForgottenKeys
from refrain.lake.receipt import Rejection
from refrain.statistics.hashing import salted_hashes
from tests.unit.serving import tiny

if TYPE_CHECKING:
    from pathlib import Path

DEFINITION = parse_definition(
    "flats",
    {**tiny.FLATS, "key": ["flat"], "columns": {**tiny.FLATS["columns"], "flat": {"type": "category", "lower": True}}},
    "flats.toml",
)
CONTENTS = {
    "csv": 'flat,area,rooms,price\na1,50,2,100\nb2,60,3,"120"\n A1 ,much,2,90\nc3,70\nA1,55,2,110\n',
    "jsonl": '{"flat": "a1", "area": 50, "price": 100}\n{"flat": "b2", "area": 60, "price": 120}\n'
    '{"flat": "A1", "area": "much", "price": 90}\n{"flat": "c3", "area": 7\n{"flat": "A1", "area": 5, "price": 110}\n',
    "json": '[{"flat": "a1", "area": 50, "price": 100}, {"flat": "b2", "area": 60, "price": 120},'
    '{"flat": "A1", "area": "much", "price": 90}, {"flat": "A1", "area": 55, "price": 110}]',
}


@pytest.mark.parametrize("form", CONTENTS)
def test_their_rows_are_refused_and_nothing_of_them_is_kept(tmp_path: Path, form: str) -> None:
    lake, path = tiny.Lake(), tmp_path / "upload"
    path.write_text(CONTENTS[form])
    forgotten = ForgottenKeys.add(lake, "flats", {"flat": objects(["a1"])}, salted_hashes)

    contents = keep_rows(path, form, DEFINITION, "d0", lake, forgotten=forgotten)

    assert (contents.rows_read, contents.rows_kept) == (contents.rows_rejected + 1, 1)
    assert Rejection("flat", FORGOTTEN, 2) in contents.rejections
    (part,) = lake.keys("curated/")
    with (tmp_path / "part").open("w+b") as file:
        lake.download(part, file)
        assert pq.read_table(file).column("flat").to_pylist() == ["b2"]
    (key,) = lake.keys("rejected/")
    rejected = gzip.decompress(lake.read(key).data)
    assert b"a1" not in rejected.lower()
    assert all(entry["row"] is entry["value"] is None for entry in map(json.loads, rejected.splitlines()))


def test_keys_that_are_forgotten_at_once_are_all_refused() -> None:
    lake = tiny.Lake()
    for flat in ("a1", "b2", "a1"):
        forgotten = ForgottenKeys.add(lake, "flats", {"flat": objects([flat])}, salted_hashes)
    rows = {"flat": objects(["a1", "c3", "b2"])}

    assert forgotten == ForgottenKeys.read(lake, "flats")
    assert forgotten.mark(rows, salted_hashes).tolist() == [True, False, True]
    assert ForgottenKeys.read(lake, "other").mark(rows, salted_hashes).tolist() == [False] * 3
