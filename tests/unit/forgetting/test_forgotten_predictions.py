"""Captured predictions are found by the key that callers sent, and those without one are counted."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from preprocessing import load_definition, parse_definition
from refrain.forgetting.forgotten_predictions import find_predictions
from refrain.forgetting.own_texts import OwnTexts
from refrain.forgetting.people import read_people
from refrain.lake.capture.reading import captured_key
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
