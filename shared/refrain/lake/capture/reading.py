"""Read captured lines back from the lake, of predictions and of recommendations alike.

Lines may be delivered twice and in any order; the result is the same. Damaged lines are counted.
"""

from __future__ import annotations

import gzip
import json
import logging
import zlib
from datetime import timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any

from refrain.lake.by_hour import keys_between, read_all
from refrain.times import to_datetime64

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from refrain.aws.storage import Store
    from refrain.lake.capture.predictions import CapturedRow
    from refrain.lake.capture.recommendations import RecommendationRecord

LATE = timedelta(hours=26)
"""How long after its prediction a line may be delivered: Firehose tries for a day."""

UNDELIVERED = "undelivered/"
"""Where Firehose leaves what it could not deliver, of all models."""

logger = logging.getLogger("refrain")
_DECODER = json.JSONDecoder()


def captured_key(model: str, delivered: datetime, name: str) -> str:
    """Return the key of captured lines (JSON lines, gzip), in a folder by the hour (UTC) of delivery."""
    return f"{captured_prefix(model)}{delivered:%Y/%m/%d/%H}/{name}.jsonl.gz"


def captured_prefix(model: str) -> str:
    """Return the prefix of all captured lines of a model."""
    return f"captured/{model}/"


def read_answered_rows[Row: (CapturedRow, RecommendationRecord)](
    store: Store,
    model: str,
    since: datetime | None,
    until: datetime | None,
    read_line: Callable[[Any], Iterable[Row]],
    *,
    max_rows: int | None = None,
) -> tuple[list[Row], int]:
    """Read the rows of a model that were answered from `since` to before `until` (UTC), or all; count damaged lines.

    Each row comes once, in the order of ids, which is the order of time. Once there are `max_rows`, no further file is
    opened; files come in the order of delivery.
    """
    delivered = until + LATE if until else None
    start, end = (None if time is None else to_datetime64(time) for time in (since, until))
    rows: dict[str, Row] = {}
    damaged = 0
    for key, content in read_all(store, keys_between(store, captured_prefix(model), since, delivered)):
        for rows_of_line in rows_of_lines(key, content.data, read_line):
            if rows_of_line is None:
                damaged += 1
                continue
            for row in rows_of_line:
                is_within = (start is None or row.time >= start) and (end is None or row.time < end)
                if is_within:
                    # Of two rows that contradict each other the same one is kept, whatever the order.
                    kept = rows.setdefault(row.id, row)
                    if kept is not row and kept != row and repr(row) < repr(kept):
                        rows[row.id] = row
        if max_rows is not None and len(rows) >= max_rows:
            break
    if damaged:
        logger.warning("captured lines are damaged", extra={"model": model, "lines": damaged})
    return [rows[identity] for identity in sorted(rows)], damaged


def rows_of_lines[Row](key: str, data: bytes, read_line: Callable[[Any], Iterable[Row]]) -> Iterator[list[Row] | None]:
    """Yield the rows of each line of a file, None for what is damaged."""
    for line in values_of(key, data):
        try:
            rows = list(read_line(line))
        except (KeyError, TypeError, ValueError, AttributeError):
            yield None
        else:
            yield rows


def values_of(key: str, data: bytes) -> Iterator[Any]:
    """Yield the JSON values of a file, None for what is damaged; objects may follow each other on one line."""
    try:
        lines = BytesIO(gzip.decompress(data))
    except (OSError, EOFError, zlib.error) as error:
        logger.warning("captured file is damaged", extra={"key": key, "reason": str(error)})
        yield None
        return
    for line in lines:
        try:
            text = line.strip().decode()
        except UnicodeDecodeError:
            yield None
        else:
            yield from _values(text)


def _values(line: str) -> Iterable[Any]:
    position = 0
    while position < len(line):
        try:
            value, position = _DECODER.raw_decode(line, position)
        except ValueError:
            yield None
            return
        yield value
        while line[position : position + 1].isspace():
            position += 1
