"""What ingest would make of a file, without keeping it: the same figures as a real upload."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unittest.mock import Mock

import pytest

from preprocessing import objects, parse_definition
from refrain.ingest.keeping import keep
from refrain.ingest.rehearsal import rehearse
from refrain.statistics.hashing import row_hashes

if TYPE_CHECKING:
    from pathlib import Path

DEFINITION = parse_definition(
    "shop",
    {
        "task": "regression",
        "target": "y",
        "key": ["id"],
        "columns": {
            "id": {"type": "category"},
            "colour": {"type": "category", "allowed": ["red", "blue"]},
            "y": {"type": "number", "max": 90},
        },
        "training": {"candidates": [{"name": "ridge", "estimator": "sklearn.linear_model.Ridge"}]},
    },
    "shop.toml",
)
LINES = [f"k{row % 95},{['red', 'blue', 'green'][row % 20 % 3]},{row}" for row in range(100)]
LINES[5], LINES[7], LINES[9] = "k5,red", "k7,red,many", ",blue,1"
TEXT = "id,colour,y,more\n" + "\n".join(f"{line},x" if line.count(",") == 2 else line for line in LINES)


@pytest.mark.parametrize("quote", ["", '"'])
def test_a_rehearsal_counts_what_an_upload_keeps_and_rejects(tmp_path: Path, quote: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(TEXT.replace("red", f"{quote}red{quote}"))

    rehearsed = rehearse(path, "csv", DEFINITION)
    kept = keep(path, "csv", DEFINITION, "digest", Mock())

    assert (rehearsed.rows, rehearsed.kept) == (kept["rows_read"], kept["rows_kept"])
    assert {(item["column"], item["reason"], item["rows"]) for item in kept["rejections"]} == {
        (column, reason, rows) for (column, reason), rows in rehearsed.reasons.items()
    }
    assert rehearsed.refused["y"]["many"] == 1
    assert rehearsed.ignored == ["more"]
    assert len(rehearsed.good_columns(DEFINITION)["y"]) == rehearsed.kept


def test_keys_that_come_again_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("id,colour,y\na,red,1\nb,red,2\na,blue,3\na,red,4\n")

    assert rehearse(path, "csv", DEFINITION).repeated_keys == 2


def test_rows_are_named_by_their_identity_where_that_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("id,colour,y\na,red,1\nb,red,wrong\na,blue,3\n")

    hashes = rehearse(path, "csv", DEFINITION, by_identity=True).hashes

    kept = {name: objects(values) for name, values in {"id": ["a", "a"]}.items()}
    assert hashes.tolist() == row_hashes(kept, DEFINITION.identity).tolist()
