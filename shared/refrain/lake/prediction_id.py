"""The ids of predictions, by which labels come back: unique, and in the order of time when they are sorted as text."""

from __future__ import annotations

import os
import re
import time
from datetime import UTC, datetime
from functools import lru_cache

_ID = re.compile(r"([0-9a-f]{11})[0-9a-f]{10}-[0-9]{3,}")


def prediction_ids(rows: int) -> list[str]:
    """Name the predictions of one request: milliseconds since 1970, 40 random bits, the row's number.

    >>> ids = prediction_ids(2)
    >>> [len(identity) for identity in ids], ids[1].endswith("-001"), ids == sorted(ids)
    ([25, 25], True, True)
    """
    request = f"{time.time_ns() // 1_000_000:011x}{os.urandom(5).hex()}"
    return [request + suffix for suffix in _suffixes(rows)]


@lru_cache(maxsize=32)
def _suffixes(rows: int) -> list[str]:
    return [f"-{row:03d}" for row in range(rows)]


def asked_at(identity: str) -> datetime | None:
    """Read the time of a prediction (UTC) from its id; None for an id that is not ours.

    >>> asked_at("19ab8f04e00" + 10 * "0" + "-000").year, asked_at("order 66")
    (2025, None)
    """
    match = _ID.fullmatch(identity)
    return datetime.fromtimestamp(int(match[1], 16) / 1000, UTC) if match else None
