"""Rows of people who were forgotten are refused, whatever reader they come through, and nothing of them is kept."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from preprocessing import RecommenderDefinition, load_definition, objects, parse_definition
from refrain.errors import Conflict
from refrain.ingest.keeping import UploadedFile, keep_rows
from refrain.ingest.recommendation import keep_interactions
from refrain.lake.forgotten_keys import FORGOTTEN, ForgottenKeys
from refrain.lake.receipt import Rejection, UploadSource
from refrain.statistics.hashing import salted_hashes
from tests.stored import EXAMPLES
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


def test_no_history_is_made_of_users_who_were_forgotten_while_their_upload_was_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    songs = load_definition(EXAMPLES / "songs.toml")
    assert isinstance(songs, RecommenderDefinition)
    lake, source = tiny.Lake(), UploadSource("inbox", "songs/a.csv", "etag", 1, "2026-11-30T10:00:00Z")
    file = UploadedFile(tmp_path / "upload", "csv", source, "0" * 64)
    file.path.write_text("listener,song,played_at\nada,a,2026-11-29T10:00:00Z\n")
    ForgottenKeys.add(lake, songs.model, {songs.roles.user: objects(["ada"])}, salted_hashes)
    monkeypatch.delenv("REFRAIN_HISTORY_TABLE", raising=False)

    with pytest.raises(Conflict):
        keep_interactions(songs, file, lake)
