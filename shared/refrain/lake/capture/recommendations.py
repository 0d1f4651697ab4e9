"""Captured recommendations: written as lines of JSON to the log, as predictions are, and read back from the lake.

{"capture": 1, "model", "version", "time", "milliseconds", "rows": [
    {"id", "instance": {"user", "k", "seen"}, "items": [...], "scores": [...], "popular": true?,
     "propensities": [...]?}, ...]}
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from refrain.lake.capture.lines import MAX_LINE_BYTES, pack_rows, sampled
from refrain.lake.capture.reading import read_answered_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from refrain.aws.storage import Store

HORIZON = timedelta(hours=24)
"""An interaction within this time after a recommendation counts as its effect."""

_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


@dataclass(frozen=True, slots=True)
class RecommendationRecord:
    """One list of items as it was answered; `user` is None for a request with a history alone.

    `seen` counts the items of the history, which itself is in the uploads. `popular` says that none of them was known.
    `propensities` are the chances of the items of a list that may explore, which others do not have.
    """

    id: str
    time: np.datetime64
    version: str
    user: str | None
    k: int
    seen: int
    items: tuple[str, ...]
    scores: tuple[float, ...]
    popular: bool
    propensities: tuple[float, ...] = ()


def recommendation_lines(
    model: str, records: Sequence[RecommendationRecord], milliseconds: float, share: float
) -> list[str]:
    """Write a sample of the records of one request as lines: ASCII, at most `MAX_LINE_BYTES` each.

    A record that is too long for a line is left out and logged.
    """
    records = [records[row] for row in sampled([record.id for record in records], share)]
    if not records:
        return []
    time = f"{np.datetime_as_string(records[0].time, 'ms')}Z"
    head = {"capture": 1, "model": model, "version": records[0].version, "time": time}
    start = f'{_encode(head | {"milliseconds": round(milliseconds, 3)})[:-1]},"rows":['
    ids, rows = [record.id for record in records], [_encode(_to_json(record)) for record in records]
    packed = pack_rows(model, ids, rows, [""] * len(rows), MAX_LINE_BYTES - len(start) - len("]}"))
    return [f"{start}{','.join(line)}]}}" for line, _ in packed]


def read_recommendations(
    store: Store, model: str, since: datetime, until: datetime, max_lists: int | None = None
) -> tuple[list[RecommendationRecord], int]:
    """Read recommendations (see `read_answered_rows`)."""
    return read_answered_rows(store, model, since, until, _records_of, max_rows=max_lists)


def _to_json(record: RecommendationRecord) -> dict[str, object]:
    row: dict[str, object] = {
        "id": record.id,
        "instance": {"user": record.user, "k": record.k, "seen": record.seen},
        "items": record.items,
        "scores": [float(f"{score:.5g}") for score in record.scores],
    }
    if record.popular:
        row["popular"] = True
    if record.propensities:
        row["propensities"] = [float(f"{chance:.5g}") for chance in record.propensities]
    return row


def _records_of(line: Mapping[str, Any]) -> Iterator[RecommendationRecord]:
    """Yield the records of a line. Raises what indexing and conversion raise when the line is damaged."""
    time = np.datetime64(line["time"].removesuffix("Z"), "us")
    for row in line["rows"]:
        instance = row["instance"]
        yield RecommendationRecord(
            id=str(row["id"]),
            time=time,
            version=str(line["version"]),
            user=instance["user"] and str(instance["user"]),
            k=int(instance["k"]),
            seen=int(instance["seen"]),
            items=tuple(map(str, row["items"])),
            scores=tuple(map(float, row["scores"])),
            popular=bool(row.get("popular")),
            propensities=tuple(map(float, row.get("propensities", ()))),
        )
