"""Files after public bug reports: each row is kept as the owner of the file means it, or rejected in words.

`door_cases/cases.jsonl` has one case a line: where it comes from, its definition with the keys that it needs, its
files, the rows as they are meant, and why the other rows cannot be used.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow.parquet as pq
import pytest

from preprocessing import Definition, DefinitionError, parse_definition, prepare, present, rows_to_columns
from refrain.ingest.formats import format_of
from refrain.ingest.keeping import keep

FOLDER = Path(__file__).parent / "door_cases"
CASES = [json.loads(line) for line in (FOLDER / "cases.jsonl").read_text(encoding="utf-8").splitlines()]
ESTIMATORS = {"classification": "sklearn.tree.DecisionTreeClassifier", "regression": "sklearn.linear_model.Ridge"}


class Lake:
    """Keeps the curated rows of an upload."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def upload(self, path: Path, key: str) -> None:
        if key.startswith("curated"):
            self.rows += pq.read_table(io.BytesIO(path.read_bytes())).to_pylist()


def define(case: dict[str, Any]) -> Definition:
    training = {"candidates": [{"name": "c", "estimator": ESTIMATORS[case["definition"]["task"]]}]}
    return parse_definition("m", {**case["definition"], "training": training}, "m.toml")


def plain(row: dict[str, Any], names: list[str]) -> str:
    """Write the named values of a row, whether they were read from Parquet or written by hand."""
    values = [row[name] for name in names]
    return json.dumps([float(value) if type(value) is int else value for value in values], default=written_time)


def written_time(value: Any) -> str:
    return str(value.strftime("%Y-%m-%dT%H:%M:%S"))


def kept(definition: Definition, name: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The rows of a file that were kept, and the facts of its receipt."""
    lake: Any = Lake()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "upload"
        path.write_bytes((FOLDER / name).read_bytes())
        return lake.rows, keep(path, format_of(name), definition, "digest", lake)


@pytest.mark.parametrize("case", [case for case in CASES if "rows" in case], ids=lambda case: case["id"])
def test_every_row_is_kept_as_it_is_meant_or_rejected_in_words(case: dict[str, Any]) -> None:
    definition = define(case)
    rows: list[dict[str, Any]] = []
    reasons: list[str] = []
    read = rejected = 0
    for name in case["files"]:
        kept_rows, facts = kept(definition, name)
        rows += kept_rows
        read += facts["rows_read"]
        rejected += facts["rows_rejected"]
        reasons += [rejection["reason"] for rejection in facts["rejections"]]
    names = list(case["rows"][0]) if case["rows"] else []
    assert sorted(plain(row, names) for row in rows) == sorted(plain(row, names) for row in case["rows"])
    assert reasons == case.get("rejected", [])
    assert read == len(case["rows"]) + rejected


@pytest.mark.parametrize("case", [case for case in CASES if "ask" in case], ids=lambda case: case["id"])
def test_a_request_means_what_the_files_mean(case: dict[str, Any]) -> None:
    definition = define(case)
    for question in case["ask"]:
        names = list(question["expect"])
        columns, problems = prepare(definition, rows_to_columns([question["instance"]], names), 1, columns=names)
        assert not problems
        answer = {
            name: value[:19] if definition.columns[name].kind == "time" and isinstance(value, str) else value
            for name, value in present(columns, definition.columns, 0).items()
        }
        assert answer == question["expect"]


@pytest.mark.parametrize("case", [case for case in CASES if "refused" in case], ids=lambda case: case["id"])
def test_a_definition_that_reads_no_file_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(DefinitionError) as refusal:
        define(case)
    assert case["refused"] in str(refusal.value)


def test_every_file_belongs_to_a_case() -> None:
    files = {name for case in CASES for name in case.get("files", [])}
    assert files == {path.name for path in FOLDER.iterdir()} - {"cases.jsonl"}
