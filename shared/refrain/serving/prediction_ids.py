"""The names of predictions, by which their labels come back: unique, and sorted as text they are sorted by time."""

from __future__ import annotations

import os
import time


def prediction_ids(rows: int) -> list[str]:
    """Name the predictions of one request: milliseconds since 1970, 40 random bits, the place in the request.

    >>> ids = prediction_ids(2)
    >>> [len(each) for each in ids], ids[1].endswith("-001"), ids == sorted(ids)
    ([25, 25], True, True)
    """
    request = f"{time.time_ns() // 1_000_000:011x}{os.urandom(5).hex()}"
    return [f"{request}-{row:03d}" for row in range(rows)]
