"""A record as lines of JSON for standard output: the log is the one way out that does not make a caller wait.

    {"capture": 1, "model", "version", "time", "milliseconds", "classes": [...] | null, "request",
     "rows": [{"id", "instance": {column: value}, "answer": [...], "unfamiliar": [...]?, "fallback": true?}, ...],
     "shadow": {"version", "milliseconds", "answers": [[...], ...]}?}

Values are those of `preprocessing.present`, written by the record's form (`rows`).
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

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from refrain.lake.capture.record import Record

MAX_LINE_BYTES = 200_000
"""CloudWatch cuts events that are longer than 256 KB."""

_WHOLE = 2**32
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode

logger = logging.getLogger("refrain")


def prediction_lines(record: Record, share: float = 1.0) -> list[str]:
    """Write the rows whose turn it is (see `sampled`) as ASCII lines without their ends, of at most `MAX_LINE_BYTES`.

    A row that is too long for a line is left out, and the log says so.
    """
    if share < 1:
        record = record.taken(sampled(record.ids, share))
    if not record.ids:
        return []
    head, shadow = _head(record), _shadow(record)
    room = MAX_LINE_BYTES - len(head) - len(shadow) - len("]]}}")
    rows = list(record.form.rows(record.ids, record.columns, _aside(record), record.answers, _notes(record)))
    if not shadow and sum(map(len, rows)) + len(rows) <= room:
        return [f"{head}{','.join(rows)}]}}"]
    shadows = [f"[{answer}]" for answer in record.shadow.answers] if record.shadow else [""] * len(rows)
    packed = pack_rows(record.model, record.ids, rows, shadows, room)
    if not shadow:
        return [f"{head}{','.join(some)}]}}" for some, _ in packed]
    return [f"{head}{','.join(some)}{shadow}{','.join(answers)}]}}}}" for some, answers in packed]


def sampled(ids: Sequence[str], share: float) -> list[int]:
    """Choose the places of a share of predictions by a hash of their ids, the same ones whoever asks.

    >>> sampled(["a", "b"], 1.0), sampled(["a", "b"], 0.0)
    ([0, 1], [])
    """
    return [place for place, name in enumerate(ids) if crc32(name.encode()) < share * _WHOLE]


def _head(record: Record) -> str:
    seconds, milliseconds = divmod(time.time_ns() // 1_000_000, 1000)
    who, classes = _constant(record.model, record.version, record.classes and tuple(record.classes))
    took = round(record.milliseconds, 3)
    said = f'"milliseconds":{took!r},{classes}"request":{text(record.request)}'
    return f'{who}"time":"{_second(seconds)}.{milliseconds:03d}Z",{said},"rows":['


@lru_cache(maxsize=2)
def _second(seconds: int) -> str:
    """Write a second of the epoch; all lines of a second share it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


@cache
def _constant(model: str, version: str, classes: tuple[str, ...] | None) -> tuple[str, str]:
    """Write what is the same in all lines of a version: what stands before the time, and after the milliseconds."""
    who = _encode({"capture": 1, "model": model, "version": version})
    return f"{who[:-1]},", f'"classes":{_encode(classes)},'


def _shadow(record: Record) -> str:
    """Write what stands between the rows and the challenger's answers to them; nothing where there is none."""
    if record.shadow is None:
        return ""
    said = {"version": record.shadow.version, "milliseconds": round(record.shadow.milliseconds, 3)}
    return f'],"shadow":{_encode(said)[:-1]},"answers":['


def _aside(record: Record) -> list[str]:
    """Write what was sent aside, where something was, so that it can stand behind the last column."""
    written = [""] * len(record.ids)
    for name, sent in record.aside.items():
        start = f",{text(name)}:"
        for row, value in enumerate(sent):
            if isinstance(value, str):
                written[row] += start + text(value)
            elif _is_plain(value):
                written[row] += start + _encode(value)
    return written


def _is_plain(value: object) -> bool:
    """Tell whether what was sent is a value at all: a list is no key, and `Infinity` is no JSON."""
    return isinstance(value, int) or (isinstance(value, float) and abs(value) < np.inf)


def _notes(record: Record) -> list[str]:
    fallback = ',"fallback":true' if record.fallback else ""
    return [f',"unfamiliar":{_encode(names)}{fallback}' if names else fallback for names in record.unfamiliar]


def pack_rows(
    model: str, ids: Sequence[str], rows: Sequence[str], answers: Sequence[str], room: int
) -> Iterator[tuple[list[str], list[str]]]:
    """Gather rows, and a challenger's answers to them, to as many bytes as a line has room for.

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
