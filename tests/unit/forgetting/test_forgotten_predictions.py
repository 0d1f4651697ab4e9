"""Captured predictions are found by the key that callers sent, and those without one are counted."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from preprocessing import load_definition, parse_definition
from refrain.forgetting.forgotten_predictions import find_predictions, forget_hours
from refrain.forgetting.own_texts import OwnTexts
from refrain.forgetting.people import read_people
from refrain.lake.capture.reading import captured_key
from refrain.lake.observed_rows import ObservedRows
from refrain.lake.packed_columns import pack_arrays
from tests.stored import EXAMPLES
from tests.unit.serving import tiny

SHOPS = parse_definition(
    "shops",
    {
        **tiny.FLATS,
        "key": ["shop", "who"],
        "columns": {**tiny.FLATS["columns"], "shop": {"type": "category"}, "who": {"type": "category"}},
    },
    "shops.toml",
)
SONGS = load_definition(EXAMPLES / "songs.toml")
ROWS: dict[str, tuple[Any, dict[str, str], list[dict[str, Any]]]] = {
    "all columns of a key": (
        SHOPS,
        {"shop": "s1", "who": "ada"},
        [{"shop": "s1", "who": "ada"}, {"shop": "s1", "area": 4}, {"shop": "s1", "who": None}, {"area": 4}],
    ),
    "one column of a key": (SHOPS, {"who": "ada"}, [{"shop": "s1", "who": "ada"}, {"shop": "s1"}, {}, {"who": None}]),
    "a user": (SONGS, {"listener": "ada"}, [{"user": "ada"}, {"history": ["a"]}, {"user": None}, {}]),
}


@pytest.mark.parametrize("case", ROWS)
def test_predictions_without_a_whole_key_are_counted_and_not_taken_for_anybodys(case: str) -> None:
    definition, key, instances = ROWS[case]
    lake = tiny.Lake()
    rows = [{"id": f"id{number}", "instance": instance} for number, instance in enumerate(instances)]
    line = json.dumps({"capture": 1, "rows": rows}).encode() + b"\n"
    lake.write(captured_key(definition.model, datetime(2026, 11, 30, tzinfo=UTC), "x"), gzip.compress(line))

    assert find_predictions(lake, read_people(definition, [key]), OwnTexts()) == ({"id0"}, 3)


class DeletingLake(tiny.Lake):
    """A lake that deletes objects with all their versions."""

    def delete_all(self, key: str, _etag: str | None = None) -> int:
        self._store.delete(key)
        return 1


def test_hourly_samples_of_an_earlier_layout_are_deleted_since_nothing_reads_them() -> None:
    lake, old = DeletingLake(), pack_arrays(hashes=np.empty(0, np.uint64), columns=np.empty(0, np.uint8))
    empty = np.empty((0, 1))
    hashes, times = np.empty(0, np.uint64), np.empty(0, "datetime64[us]")
    new = ObservedRows(hashes, times, empty.astype(np.float32), empty, empty[:, 0], hashes).pack()
    for name, data in {"old.rows": old, "old.few": old, "new.rows": new}.items():
        lake.write(f"hours/shops/v/scheme/{name}.npz", data)

    forget_hours(lake, "shops", ["a"], set(), lake)  # type: ignore[arg-type]

    assert lake.keys("hours/") == ["hours/shops/v/scheme/new.rows.npz"]
