"""Captured recommendations: written as lines, and read back as the same records."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from refrain.lake.capture.lines import MAX_LINE_BYTES
from refrain.lake.capture.reading import captured_key
from refrain.lake.capture.recommendations import RecommendationRecord, read_recommendations, recommendation_lines
from refrain.times import to_datetime64
from tests.unit.lake.capture.conftest import NOON
from tests.unit.serving.tiny import Lake

if TYPE_CHECKING:
    from collections.abc import Sequence

HOUR = timedelta(hours=1)
FIRST = RecommendationRecord(
    id="00-000",
    time=to_datetime64(NOON),
    version="v1",
    user="u1",
    k=2,
    seen=3,
    items=("s1", "s2"),
    scores=(0.5, 0.25),
    popular=False,
)
SECOND = replace(FIRST, id="00-001", user=None, seen=0, popular=True)


def read_back(lines: Sequence[str]) -> tuple[list[RecommendationRecord], int]:
    lake = Lake()
    lake.write(captured_key("songs", NOON, "lines"), gzip.compress("\n".join(lines).encode()))
    return read_recommendations(lake, "songs", NOON - HOUR, NOON + HOUR)


def test_the_records_that_were_written_are_read_back() -> None:
    lines = recommendation_lines("songs", [FIRST, SECOND], 1.5, share=1)

    assert len(lines) == 1
    assert read_back([*lines, *lines]) == ([FIRST, SECOND], 0)


def test_a_list_that_may_explore_keeps_the_chances_of_its_items() -> None:
    explored = replace(FIRST, propensities=(0.95, 0.016667))

    assert read_back(recommendation_lines("songs", [explored, SECOND], 1.5, share=1)) == ([explored, SECOND], 0)


def test_damaged_lines_are_counted() -> None:
    lines = recommendation_lines("songs", [FIRST], 1.5, share=1)

    assert read_back([*lines, "{}", '{"time": 1}', "half a li"]) == ([FIRST], 3)


def test_scores_keep_five_digits_and_lists_of_items_that_are_popular_say_so() -> None:
    (line,) = recommendation_lines("songs", [replace(FIRST, scores=(1 / 3, 0.25)), SECOND], 1.5, share=1)

    first, second = json.loads(line)["rows"]
    assert first["scores"] == [0.33333, 0.25]
    assert ("popular" in first, second["popular"]) == (False, True)


def test_a_share_of_nothing_writes_nothing() -> None:
    assert recommendation_lines("songs", [FIRST, SECOND], 1.5, share=0) == []


def test_lines_are_never_longer_than_the_log_keeps() -> None:
    long = [replace(FIRST, id=f"00-{row:03d}", items=("x" * 400,) * 100) for row in range(20)]

    lines = recommendation_lines("songs", [*long, replace(FIRST, items=("x" * MAX_LINE_BYTES,))], 1.5, share=1)

    assert len(lines) > 1
    assert max(map(len, lines)) <= MAX_LINE_BYTES
    assert read_back(lines) == (long, 0)
