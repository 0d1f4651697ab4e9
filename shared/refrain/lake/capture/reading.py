"""Read captured predictions back from the lake: each once, in the order of ids, which is the order of time.

Lines may be delivered twice and in any order; the result is the same. Damaged lines are counted.
"""

from __future__ import annotations

import gzip
import json
import logging
import zlib
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing import objects, prepare, rows_to_columns
from refrain.lake.by_hour import keys_between, read_all
from refrain.lake.capture.record import CapturedRow, captured_rows
from refrain.times import to_datetime64

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence
    from datetime import datetime

    from preprocessing import Array, Columns, Definition, Problem
    from refrain.aws.storage import Store

LATE = timedelta(hours=26)
"""How long after its prediction a line may be delivered: Firehose tries for a day."""

logger = logging.getLogger("refrain")
_DECODER = json.JSONDecoder()


def captured_key(model: str, delivered: datetime, name: str) -> str:
    """Return the key of captured lines (JSON lines, gzip), in a folder by the hour (UTC) of delivery."""
    return f"{captured_prefix(model)}{delivered:%Y/%m/%d/%H}/{name}.jsonl.gz"


def captured_prefix(model: str) -> str:
    """Return the prefix of all captured lines of a model."""
    return f"captured/{model}/"


@dataclass(frozen=True)
class Captured:
    """Predictions in the order of their ids. `damaged` counts the lines (and files) that could not be read."""

    rows: Sequence[CapturedRow] = field(repr=False)
    damaged: int = 0

    def __len__(self) -> int:
        """Count the predictions."""
        return len(self.rows)

    @property
    def ids(self) -> list[str]:
        """Their ids."""
        return [row.id for row in self.rows]

    @property
    def times(self) -> Array:
        """When they were answered: datetime64[us], UTC."""
        return np.array([row.time for row in self.rows], "datetime64[us]")

    @property
    def versions(self) -> list[str]:
        """The version that answered each."""
        return [row.version for row in self.rows]

    @property
    def answers(self) -> Array:
        """The answers: float64 [rows, classes] or [rows, 1]. All rows must be of versions with the same classes."""
        return np.array([row.answer for row in self.rows], np.float64)

    def of(self, version: str) -> Captured:
        """Return those that one version answered."""
        return Captured([row for row in self.rows if row.version == version], self.damaged)

    def raw(self, names: Sequence[str]) -> dict[str, Array]:
        """Return columns of JSON values, for `preprocessing.prepare`, with None where nothing was sent."""
        return rows_to_columns([row.instance for row in self.rows], names)

    def columns(self, definition: Definition, names: Sequence[str] | None = None) -> tuple[Columns, list[Problem]]:
        """Return typed columns, by default the inputs of a definition, and the values that it cannot use."""
        names = definition.inputs if names is None else names
        return prepare(definition, self.raw(names), len(self), columns=names)

    def labels(self) -> Array:
        """Return the likeliest class of each answer, as an object array."""
        return objects([row.classes[int(np.argmax(row.answer))] if row.classes else None for row in self.rows])


def read_captured(
    store: Store,
    model: str,
    since: datetime | None = None,
    until: datetime | None = None,
    *,
    only: Container[str] | None = None,
    max_rows: int | None = None,
) -> Captured:
    """Read the predictions of a model that were answered from `since` to before `until` (UTC), or all.

    `only` keeps those with certain ids, such as the few that have labels. Once there are `max_rows`, no further file is
    opened; files come in the order of delivery.
    """
    delivered = until + LATE if until else None
    start, end = (None if time is None else to_datetime64(time) for time in (since, until))
    rows: dict[str, CapturedRow] = {}
    damaged = 0
    for key, content in read_all(store, keys_between(store, captured_prefix(model), since, delivered)):
        for line in values_of(key, content.data):
            read = captured_rows(line)
            damaged += read is None
            for row in read or ():
                is_within = (start is None or row.time >= start) and (end is None or row.time < end)
                if is_within and (only is None or row.id in only):
                    _keep(rows, row)
        if max_rows is not None and len(rows) >= max_rows:
            break
    if damaged:
        logger.warning("captured lines are damaged", extra={"model": model, "lines": damaged})
    return Captured([rows[identity] for identity in sorted(rows)], damaged)


def _keep(rows: dict[str, CapturedRow], row: CapturedRow) -> None:
    """Keep a row unless its id is there; of two that contradict each other the same one, whatever the order."""
    kept = rows.get(row.id)
    if kept is None or (kept != row and repr(row) < repr(kept)):
        rows[row.id] = row


def values_of(key: str, data: bytes) -> Iterator[Any]:
    """Yield the JSON values of a file, None for what is damaged; objects may follow each other on one line."""
    try:
        text = gzip.decompress(data).decode()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        logger.warning("captured file is damaged", extra={"key": key, "reason": str(error)})
        yield None
        return
    for line in text.splitlines():
        yield from _values(line.strip())


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
