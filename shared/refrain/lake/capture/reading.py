"""What was captured, read back from the lake: each prediction once, in the order of ids, which is that of time.

A line may be delivered twice, and lines come in any order; the result is the same. What is damaged is counted.
"""

from __future__ import annotations

import gzip
import json
import logging
import zlib
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing import objects, prepare, rows_to_columns
from refrain.lake import keys
from refrain.lake.by_hour import keys_between, read_all

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from preprocessing import Array, Columns, Definition, Problem
    from refrain.aws.storage import Store

LATE = timedelta(hours=26)
"""How long after its prediction a line may be delivered: Firehose tries for a day."""

logger = logging.getLogger("refrain")
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Row:
    """One prediction, as it was captured. `answer` is in the order of `classes`, or one value (`classes` is None).

    `shadow` is what the challenger `shadow_version` answered to the same row. The milliseconds are those of the model
    for the part of the request that it answered.
    """

    id: str
    time: np.datetime64
    version: str
    instance: Mapping[str, Any]
    answer: Sequence[float]
    classes: tuple[str, ...] | None
    milliseconds: float
    unfamiliar: tuple[str, ...] = ()
    fallback: bool = False
    shadow_version: str = ""
    shadow: Sequence[float] | None = None
    shadow_milliseconds: float | None = None


@dataclass(frozen=True)
class Captured:
    """Predictions in the order of their ids. `damaged` counts the lines (and files) that could not be read."""

    rows: Sequence[Row] = field(repr=False)
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
        """Which version answered each."""
        return [row.version for row in self.rows]

    @property
    def answers(self) -> Array:
        """What was answered: float64 [rows, classes] or [rows, 1]. All rows must be of versions of the same classes."""
        return np.array([row.answer for row in self.rows], np.float64)

    def of(self, version: str) -> Captured:
        """Those that one version answered."""
        return Captured([row for row in self.rows if row.version == version], self.damaged)

    def raw(self, names: Sequence[str]) -> dict[str, Array]:
        """Columns of JSON values, for `preprocessing.prepare`; what was not sent is None."""
        return rows_to_columns([row.instance for row in self.rows], names)

    def columns(self, definition: Definition, names: Sequence[str] | None = None) -> tuple[Columns, list[Problem]]:
        """Typed columns by a definition (of a version, or the present one): its inputs, unless told which."""
        names = definition.inputs if names is None else names
        return prepare(definition, self.raw(names), len(self), columns=names)

    def labels(self) -> Array:
        """The likeliest class of each answer, as an object array."""
        return objects([row.classes[int(np.argmax(row.answer))] if row.classes else None for row in self.rows])


def read_captured(
    store: Store,
    model: str,
    since: datetime | None = None,
    until: datetime | None = None,
    *,
    only: Container[str] | None = None,
    most: int | None = None,
) -> Captured:
    """Read the predictions of a model that were answered from `since` to before `until` (UTC), or all.

    `only` keeps those of certain ids, which is how a few labelled ones are found among many. With `most` no further
    file is opened once there are so many, in the order of delivery.
    """
    delivered = until + LATE if until else None
    found: dict[str, Row] = {}
    damaged = 0
    for key, content in read_all(store, keys_between(store, keys.captured_in(model), since, delivered)):
        for line in values_of(key, content.data):
            rows = _rows(line)
            damaged += rows is None
            for row in rows or ():
                if _is_within(row.time, since, until) and (only is None or row.id in only):
                    _keep(found, row)
        if most is not None and len(found) >= most:
            break
    if damaged:
        logger.warning("captured lines are damaged", extra={"model": model, "lines": damaged})
    return Captured([found[name] for name in sorted(found)], damaged)


def _keep(found: dict[str, Row], row: Row) -> None:
    """Keep a row unless it is known; of two that contradict each other always the same one, whatever the order."""
    known = found.get(row.id)
    if known is None or (known != row and repr(row) < repr(known)):
        found[row.id] = row


def _is_within(time: np.datetime64, since: datetime | None, until: datetime | None) -> bool:
    return (since is None or time >= _moment(since)) and (until is None or time < _moment(until))


def _moment(time: datetime) -> np.datetime64:
    return np.datetime64(time.astimezone(UTC).replace(tzinfo=None), "us")


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
    place = 0
    while place < len(line):
        try:
            value, place = _DECODER.raw_decode(line, place)
        except ValueError:
            yield None
            return
        yield value
        while line[place : place + 1].isspace():
            place += 1


def _rows(line: Any) -> list[Row] | None:
    """Take a line apart; None when it is not one of ours."""
    try:
        head = {
            "time": np.datetime64(line["time"].removesuffix("Z"), "us"),
            "version": str(line["version"]),
            "classes": tuple(line["classes"]) if line["classes"] else None,
            "milliseconds": float(line["milliseconds"]),
        }
        shadow = line.get("shadow")
        if shadow:
            head |= {"shadow_version": shadow["version"], "shadow_milliseconds": shadow["milliseconds"]}
        answers = shadow["answers"] if shadow else [None] * len(line["rows"])
        return [_row(row, answer, head) for row, answer in zip(line["rows"], answers, strict=True)]
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _row(row: Mapping[str, Any], shadow: Sequence[float] | None, head: Mapping[str, Any]) -> Row:
    return Row(
        id=str(row["id"]),
        instance=dict(row["instance"]),
        answer=tuple(map(float, row["answer"])),
        unfamiliar=tuple(row.get("unfamiliar", ())),
        fallback=bool(row.get("fallback")),
        shadow=shadow,
        **head,
    )
