"""The peers of ingest do the same work: they reject the same rows."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, cast

import pytest

from benchmarks import checkers, mixed_csv
from refrain.ingest.keeping import keep

if TYPE_CHECKING:
    from pathlib import Path

    from refrain.aws.storage import Store

ROWS = 20_000


class Lake:
    def upload(self, path: Path, key: str) -> None:
        if key.startswith("rejected/"):
            self.rejected = lines_of(path)


def lines_of(path: Path) -> list[int]:
    with gzip.open(path) as file:
        return [json.loads(line)["line"] for line in file]


@pytest.mark.parametrize("name", checkers.CHECKERS)
def test_a_peer_rejects_the_same_rows_as_ingest(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a file with dirty rows of every kind, longer than a chunk
    for module in checkers.REQUIRED_MODULES[name]:
        pytest.importorskip(module)
    monkeypatch.setattr(checkers, "CHUNK", 15_000)
    mixed_csv.write_csv(tmp_path / "upload", ROWS)
    lake = Lake()
    facts = keep(tmp_path / "upload", "csv", mixed_csv.mixed_definition(), "digest", cast("Store", lake))
    assert facts["rows_rejected"] > 12

    rejected = checkers.check_file(tmp_path / "upload", checkers.CHECKERS[name](), tmp_path)

    assert rejected == facts["rows_rejected"]
    assert lines_of(tmp_path / "rejected.jsonl.gz") == lake.rejected
