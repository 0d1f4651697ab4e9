"""The engines beside ingest reject the rows that ingest rejects, for the same columns."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any, cast

import pytest

from benchmarks import engines
from preprocessing import parse_definition
from refrain.ingest.keeping import keep

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = {
    "age": {"type": "number", "min": 0, "max": 120},
    "town": {"type": "category"},
    "member": {"type": "boolean"},
    "label": {"type": "category", "allowed": ["yes", "no"]},
}
ROWS = "39, Bern, yes, yes\n-1,Bern,no,no\n?,NA,,\n121, x,no,maybe\nold,Genf,perhaps,no\n 7.5,Genf,No, no\n"


class Lake:
    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def upload(self, path: Path, key: str) -> None:
        self.files[key] = path.read_bytes()


@pytest.mark.parametrize("headed", [True, False], ids=["with a header", "without one"])
@pytest.mark.parametrize("name", engines.ENGINES)
def test_an_engine_rejects_what_ingest_rejects(name: str, headed: bool, tmp_path: Path) -> None:
    for module in engines.REQUIRED_MODULES[name]:
        pytest.importorskip(module)
    tree = {"name": "tree", "estimator": "sklearn.tree.DecisionTreeClassifier"}
    source = {"missing": ["?"], **({} if headed else {"header": list(COLUMNS)})}
    document: dict[str, Any] = {"task": "classification", "target": "label", "columns": COLUMNS, "source": source}
    definition = parse_definition("m", {**document, "training": {"candidates": [tree]}}, "m.toml")
    path = tmp_path / "upload.csv"
    path.write_text((",".join(COLUMNS) + "\n" if headed else "") + ROWS, encoding="utf-8")

    engines.ENGINES[name](path, definition)()
    bad = [json.loads(line) for line in path.with_suffix(".bad.jsonl").read_text(encoding="utf-8").splitlines()]
    lake = Lake()
    keep(path, "csv", definition, "digest", cast("Any", lake))
    (rejected,) = (gzip.decompress(data) for key, data in lake.files.items() if key.startswith("rejected"))
    rows = [json.loads(line) for line in rejected.splitlines()]

    assert [row["reason"].split() for row in bad] == [["age"], ["label"], ["age", "label"], ["age", "member"]]
    assert [[row["column"], *(other["column"] for other in row["more"])] for row in rows] == [
        row["reason"].split() for row in bad
    ]
