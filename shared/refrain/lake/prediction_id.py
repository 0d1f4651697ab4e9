"""The names of predictions, by which their labels come back: unique, and sorted as text they are sorted by time."""

from __future__ import annotations

import os
import re
import time
from datetime import UTC, datetime
from functools import lru_cache

_ID = re.compile(r"([0-9a-f]{11})[0-9a-f]{10}-[0-9]{3,}")


def prediction_ids(rows: int) -> list[str]:
    """Name the predictions of one request: milliseconds since 1970, 40 random bits, the place in the request.

    >>> ids = prediction_ids(2)
    >>> [len(each) for each in ids], ids[1].endswith("-001"), ids == sorted(ids)
    ([25, 25], True, True)
    """
    request = f"{time.time_ns() // 1_000_000:011x}{os.urandom(5).hex()}"
    return [request + place for place in _places(rows)]


@lru_cache(maxsize=32)
def _places(rows: int) -> list[str]:
    return [f"-{row:03d}" for row in range(rows)]


def asked_at(identity: str) -> datetime | None:
    """Read from its id when a prediction was made (UTC); None when it is no id of ours.

    >>> asked_at("19ab8f04e00" + 10 * "0" + "-000").year, asked_at("order 66")
    (2025, None)
    """
    match = _ID.fullmatch(identity)
    return datetime.fromtimestamp(int(match[1], 16) / 1000, UTC) if match else None
