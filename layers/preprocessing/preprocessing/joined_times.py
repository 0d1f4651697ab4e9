"""Times that stand in several columns: their parts become one text, which is read like any other time.

It happens once, before a value is read, so that every door reads such a time alike.
"""

from __future__ import annotations

from datetime import datetime, time
from typing import TYPE_CHECKING, Any

from preprocessing.cells import Invalid, unboxed
from preprocessing.values import category_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from preprocessing.cells import Marks
    from preprocessing.definition import Column, Definition

_DIRECTIVES = ("%Y", "%m", "%d", "%H", "%M", "%S")
MAX_PARTS = len(_DIRECTIVES)
"""Columns that together make one time."""

_MIDNIGHT = time()


class JoinedTimes(list[object]):
    """Times that were joined already: doors join them for capture and for messages, and `prepare` before `decode`."""


def join_times(definition: Definition, raw: Mapping[str, Any], rows: int) -> Mapping[str, Any]:
    """Add the times whose parts were sent to raw columns (arrays or lists) of length `rows`.

    A time under its own name counts before its parts.
    """
    joined = {
        name: _join(definition.columns[name], raw, rows)
        for name, parts in definition.parts.items()
        if not raw.keys().isdisjoint(parts) and not isinstance(raw.get(name), JoinedTimes)
    }
    return {**raw, **joined} if joined else raw


def default_formats(parts: Sequence[str]) -> tuple[str, ...]:
    """Return the formats of a time whose definition names none: from three parts on they are year, month, day, hour…

    >>> default_formats(["year", "month", "day", "hour"]), default_formats(["date", "time"])
    (('%Y %m %d %H',), ())
    """
    return (" ".join(_DIRECTIVES[: len(parts)]),) if len(parts) > 2 else ()


def _join(column: Column, raw: Mapping[str, Any], rows: int) -> JoinedTimes:
    absent = [None] * rows
    cells = zip(*(raw.get(part, absent) for part in column.times.parts), strict=True)
    times = zip(raw.get(column.name, absent), cells, strict=True)
    return JoinedTimes(_text_of(parts, column.marks) if own is None else own for own, parts in times)


def _text_of(parts: tuple[object, ...], marks: Marks) -> object:
    """Join the parts of one time: None where one is missing, and the parts themselves where one is no text."""
    try:
        texts = [category_of(_plain(part), marks) for part in parts]
    except Invalid:
        return list(parts)
    return None if None in texts else " ".join(map(str, texts))


def _plain(part: object) -> object:
    """Turn typed dates and clock times into text; a date that has a time, as some writers give it, has midnight."""
    part = unboxed(part)
    if isinstance(part, datetime) and part.time() == _MIDNIGHT:
        return part.date()
    return part.isoformat() if isinstance(part, time) else part
