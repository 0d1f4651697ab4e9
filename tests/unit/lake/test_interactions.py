"""Stored interactions: read back by the time of upload, once the upload has its receipt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from preprocessing import RecommenderDefinition, objects, parse_definition
from refrain.lake import interactions
from refrain.lake.interactions import ARRIVED, read_interactions, write_interactions
from refrain.lake.receipt import Receipt
from refrain.times import to_datetime64
from tests.unit.recommendation.conftest import document
from tests.unit.serving.tiny import Lake

NOON = datetime(2026, 11, 23, 12, 0, 0, 250_000, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def definition() -> RecommenderDefinition:
    definition = parse_definition("radio", document(), "radio.toml")
    assert isinstance(definition, RecommenderDefinition)
    return definition


@pytest.fixture
def lake() -> Lake:
    return Lake()


def upload(
    lake: Lake, definition: RecommenderDefinition, digest: str, time: datetime, *items: str, receipt: bool = True
) -> None:
    """Write one part of an upload, and its receipt."""
    rows = {
        "who": objects(["u1"] * len(items)),
        "song": objects(items),
        "at": np.full(len(items), to_datetime64(time)),
        "title": objects([None] * len(items)),
        "seconds": np.ones(len(items)),
    }
    write_interactions(lake, definition, digest, 0, time, rows)
    if receipt:
        lake.write(Receipt.key("radio", digest), b"{}")


def test_interactions_are_read_in_the_order_of_upload(lake: Lake, definition: RecommenderDefinition) -> None:
    upload(lake, definition, "b", NOON + HOUR, "s3")
    upload(lake, definition, "a", NOON, "s1", "s2")

    columns = read_interactions(lake, definition, NOON, NOON + 2 * HOUR)

    assert set(columns) == {"who", "song", "at", "title", ARRIVED}
    assert columns["song"].tolist() == ["s1", "s2", "s3"]
    assert columns[ARRIVED].tolist() == [time.replace(tzinfo=None) for time in (NOON, NOON, NOON + HOUR)]


def test_only_uploads_of_the_span_are_read(lake: Lake, definition: RecommenderDefinition) -> None:
    upload(lake, definition, "a", NOON, "s1")
    upload(lake, definition, "b", NOON + timedelta(seconds=1), "s2")

    columns = read_interactions(lake, definition, NOON + timedelta(milliseconds=1), NOON + timedelta(seconds=1))

    assert [len(column) for column in columns.values()] == [0] * 5


def test_an_upload_without_a_receipt_does_not_count(lake: Lake, definition: RecommenderDefinition) -> None:
    upload(lake, definition, "a", NOON, "s1", receipt=False)

    assert len(read_interactions(lake, definition, NOON, NOON + HOUR)["song"]) == 0


def test_of_too_many_interactions_the_newest_uploads_are_read(
    lake: Lake, definition: RecommenderDefinition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interactions, "MAX_READ_INTERACTIONS", 2)
    for number, digest in enumerate("abc"):
        upload(lake, definition, digest, NOON + number * HOUR, f"s{number}")

    assert read_interactions(lake, definition, NOON, NOON + 3 * HOUR)["song"].tolist() == ["s1", "s2"]
