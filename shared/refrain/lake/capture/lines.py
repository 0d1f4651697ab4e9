"""Write a record as lines of JSON to standard output: the log is the one way out that makes no caller wait.

    {"capture": 1, "model", "version", "time", "milliseconds", "classes": [...] | null, "request",
     "rows": [{"id", "instance": {column: value}, "answer": [...], "unfamiliar" or
               "unfamiliar_combination": [...]?, "decision": class?, "bound": number?, "withheld": reason?}, ...],
     "other": {"version", "classes": [...] | null, "milliseconds", "answers": [[...], ...]}?}

Values are those of `preprocessing.present`. The record's `write_rows` writes the rows; `predictions` reads a
line back.
"""

from __future__ import annotations

import json
import logging
import time
from datetime import UTC, datetime
from functools import cache, lru_cache
from json.encoder import encode_basestring_ascii as text
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

from refrain.unfamiliar import write_unfamiliar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from refrain.lake.capture.record import Record, ServedBound

MAX_LINE_BYTES = 200_000
"""CloudWatch cuts events that are longer than 256 KB."""

_HASHES = 2**32
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode

logger = logging.getLogger("refrain")


def prediction_lines(record: Record, share: float = 1.0) -> list[str]:
    """Write a sample of a record's rows as ASCII lines without their ends, of at most `MAX_LINE_BYTES`.

    A row that is too long for a line is left out and logged.
    """
    if share < 1:
        record = record.select(sampled(record.ids, share))
    if not record.ids:
        return []
    head, other = _head(record), _other(record)
    room = MAX_LINE_BYTES - len(head) - len(other) - len("]]}}")
    rows = list(record.write_rows(record.ids, record.columns, _identity(record), record.answers, _notes(record)))
    if not other and sum(map(len, rows)) + len(rows) <= room:
        return [f"{head}{','.join(rows)}]}}"]
    answers = [f"[{answer}]" for answer in record.other.answers] if record.other else [""] * len(rows)
    packed = pack_rows(record.model, record.ids, rows, answers, room)
    if not other:
        return [f"{head}{','.join(line)}]}}" for line, _ in packed]
    return [f"{head}{','.join(line)}{other}{','.join(theirs)}]}}}}" for line, theirs in packed]


def sampled(ids: Sequence[str], share: float) -> list[int]:
    """Return the indexes of a share of predictions, chosen by a hash of their ids: the same ones in every process.

    >>> sampled(["a", "b"], 1.0), sampled(["a", "b"], 0.0)
    ([0, 1], [])
    """
    return [index for index, identity in enumerate(ids) if crc32(identity.encode()) < share * _HASHES]


def pack_rows(
    model: str, ids: Sequence[str], rows: Sequence[str], answers: Sequence[str], room: int
) -> Iterator[tuple[list[str], list[str]]]:
    """Gather rows, and another version's answers to them, to as many bytes as a line has room for.

    A row that is too long for a line is left out and logged.
    """
    line: tuple[list[str], list[str]] = ([], [])
    length = 0
    for identity, row, answer in zip(ids, rows, answers, strict=True):
        needed = len(row) + len(answer) + len(",,")
        if needed > room:
            logger.warning("row too long to capture", extra={"model": model, "prediction_id": identity})
            continue
        if length + needed > room:
            yield line
            line, length = ([], []), 0
        line[0].append(row)
        line[1].append(answer)
        length += needed
    if line[0]:
        yield line


def _head(record: Record) -> str:
    seconds, milliseconds = divmod(time.time_ns() // 1_000_000, 1000)
    start, classes = _constant_parts(record.model, record.version, record.classes and tuple(record.classes))
    duration = f'"milliseconds":{round(record.milliseconds, 3)!r}'
    request = f'"request":{text(record.request)}'
    return f'{start}"time":"{_second(seconds)}.{milliseconds:03d}Z",{duration},{classes}{request},"rows":['


@lru_cache(maxsize=2)
def _second(seconds: int) -> str:
    """Write a second of the epoch; all lines of a second share it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


@cache
def _constant_parts(model: str, version: str, classes: tuple[str, ...] | None) -> tuple[str, str]:
    """Write the two parts that all lines of a version share: before the time, and after the milliseconds."""
    start = _encode({"capture": 1, "model": model, "version": version})
    return f"{start[:-1]},", f'"classes":{_encode(classes)},'


def _other(record: Record) -> str:
    """Write what stands between the rows and the other version's answers to them; "" without a trial."""
    other = record.other
    if other is None:
        return ""
    head = {"version": other.version, "classes": other.classes, "milliseconds": round(other.milliseconds, 3)}
    return f'],"other":{_encode(head)[:-1]},"answers":['


def _identity(record: Record) -> list[str]:
    """Write the columns that identify a row, where they were sent, to stand behind its last input."""
    fields = [""] * len(record.ids)
    for name, column in record.identity.items():
        start = f",{text(name)}:"
        for row, value in enumerate(column):
            if isinstance(value, str):
                fields[row] += start + text(value)
            elif isinstance(value, int) or (isinstance(value, float) and abs(value) < np.inf):
                fields[row] += start + _encode(value)  # a list is no key, and `Infinity` is no JSON
    return fields


def _notes(record: Record) -> list[str]:
    notes = [write_unfamiliar(note) if note else "" for note in record.unfamiliar]
    if record.decisions:
        notes = [f',"decision":{text(decision)}{note}' for decision, note in zip(record.decisions, notes, strict=True)]
    if not record.bounds:
        return notes
    return [f"{note},{_bound(served)}" for note, served in zip(notes, record.bounds, strict=True)]


def _bound(served: ServedBound) -> str:
    """Write the bound of a row, which says with its answer what interval or set the caller got."""
    return f'"withheld":{text(str(served.withheld))}' if served.bound is None else f'"bound":{served.bound!r}'
