"""What was recommended, read back from the lake: each list once, in the order of ids, which is that of time."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from refrain.lake import keys
from refrain.lake.by_hour import keys_between, read_all
from refrain.lake.capture.reading import LATE, values_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from refrain.aws.storage import Store

logger = logging.getLogger("refrain")


@dataclass(frozen=True, slots=True)
class AnsweredRecommendation:
    """One list as it was answered; `user` is None where a history was sent without one."""

    id: str
    time: np.datetime64
    version: str
    user: str | None
    items: tuple[str, ...]
    popular: bool


def read_recommendations(
    store: Store, model: str, since: datetime, until: datetime
) -> tuple[list[AnsweredRecommendation], int]:
    """Read the lists that were answered from `since` to before `until` (UTC), and count the damaged lines."""
    first, last = (np.datetime64(each.replace(tzinfo=None), "us") for each in (since, until))
    found: dict[str, AnsweredRecommendation] = {}
    damaged = 0
    for key, content in read_all(store, keys_between(store, keys.captured_in(model), since, until + LATE)):
        for line in values_of(key, content.data):
            rows = _rows(line)
            damaged += rows is None
            found |= {row.id: row for row in rows or () if first <= row.time < last}
    if damaged:
        logger.warning("captured lines are damaged", extra={"model": model, "lines": damaged})
    return [found[name] for name in sorted(found)], damaged


def _rows(line: Any) -> list[AnsweredRecommendation] | None:
    """Take a line apart; None when it is not one of ours."""
    try:
        time, version = np.datetime64(line["time"].removesuffix("Z"), "us"), str(line["version"])
        return [_offered(row, time, version) for row in line["rows"]]
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _offered(row: Mapping[str, Any], time: np.datetime64, version: str) -> AnsweredRecommendation:
    user = row["instance"]["user"]
    items = tuple(map(str, row["items"]))
    return AnsweredRecommendation(str(row["id"]), time, version, user and str(user), items, bool(row.get("popular")))
