"""A record as lines of JSON for standard output: the log is the one way out that does not make a caller wait.

    {"capture": 1, "model", "version", "time", "milliseconds", "classes": [...] | null, "request",
     "rows": [{"id", "instance": {column: value}, "answer": [...], "unfamiliar": [...]?, "fallback": true?}, ...],
     "shadow": {"version", "milliseconds", "answers": [[...], ...]}?}

Values are those of `preprocessing.present`. They are written column by column and put into a template of a row, which
takes less time than the encoder takes for a list of dictionaries.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from functools import cache
from json.encoder import encode_basestring_ascii as _text
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from refrain.capture.record import Record

MOST_BYTES = 200_000
"""CloudWatch cuts events that are longer than 256 KB."""

_WHOLE = 2**32
_EXACT = 2.0**53
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode

logger = logging.getLogger("refrain")


def lines(record: Record, share: float = 1.0) -> list[str]:
    """Write the rows whose turn it is (see `sampled`) as lines: ASCII, without their ends, at most `MOST_BYTES` each.

    A row that is too long for a line is left out, and the log says so.
    """
    if share < 1:
        record = record.taken(sampled(record.ids, share))
    if not record.ids:
        return []
    head, shadow = _head(record), _shadow(record)
    room = MOST_BYTES - len(head) - len(shadow) - len("]]}}")
    packed = _packed(record, room)
    if not shadow:
        return [f"{head}{','.join(rows)}]}}" for rows, _ in packed]
    return [f"{head}{','.join(rows)}{shadow}{','.join(answers)}]}}}}" for rows, answers in packed]


def sampled(ids: Sequence[str], share: float) -> list[int]:
    """Choose the places of a share of predictions by a hash of their ids, the same ones whoever asks.

    >>> sampled(["a", "b"], 1.0), sampled(["a", "b"], 0.0)
    ([0, 1], [])
    """
    return [place for place, name in enumerate(ids) if crc32(name.encode()) < share * _WHOLE]


def _head(record: Record) -> str:
    moment = datetime.now(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")
    who, classes = _constant(record.model, record.version, record.classes and tuple(record.classes))
    return f'{who}"time":"{moment}Z","milliseconds":{round(record.milliseconds, 3)!r},{classes}"request":{_text(record.request)},"rows":['


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


def _rows(record: Record) -> Iterator[str]:
    """Write each row as JSON."""
    cells = [_cells(array, record.schema[name].kind) for name, array in record.columns.items()]
    answers = map(_numbers, record.answers)
    values = zip(map(_text, record.ids), *cells, _aside(record), answers, _notes(record), strict=True)
    return map(_template(tuple(record.columns)).__mod__, values)


@cache
def _template(names: tuple[str, ...]) -> str:
    """Make the template of a row of these columns: its id, its values, what was sent aside, its answer, its notes."""
    instance = ",".join(f"{_text(name).replace('%', '%%')}:%s" for name in names)
    return f'{{"id":%s,"instance":{{{instance}%s}},"answer":[%s]%s}}'


def _cells(column: Any, kind: str) -> list[str]:
    """Write a typed column (array or list), value by value, as `preprocessing.present` and the encoder would."""
    if kind == "time":
        times = np.datetime_as_string(np.asarray(column, "datetime64[us]")).tolist()
        return ["null" if text == "NaT" else f'"{text}Z"' for text in times]
    values = column if isinstance(column, list) else column.tolist()
    if kind == "category":
        return ["null" if value is None else _text(value) for value in values]
    if kind == "boolean":
        return ["null" if value != value else "true" if value else "false" for value in values]
    return [
        "null"
        if value != value
        else repr(int(value))
        if value.is_integer() and -_EXACT < value < _EXACT
        else repr(value)
        for value in values
    ]


def _numbers(answer: Iterable[float]) -> str:
    return ",".join(map(repr, answer))


def _aside(record: Record) -> list[str]:
    """Write what was sent aside, where something was, so that it can stand behind the last column."""
    written = [""] * len(record.ids)
    for name, sent in record.aside.items():
        start = f",{_text(name)}:"
        for row, value in enumerate(sent):
            if isinstance(value, str):
                written[row] += start + _text(value)
            elif _is_plain(value):
                written[row] += start + _encode(value)
    return written


def _is_plain(value: object) -> bool:
    """Tell whether what was sent is a value at all: a list is no key, and `Infinity` is no JSON."""
    return isinstance(value, int) or (isinstance(value, float) and abs(value) < np.inf)


def _notes(record: Record) -> list[str]:
    fallback = ',"fallback":true' if record.fallback else ""
    return [f',"unfamiliar":{_encode(names)}{fallback}' if names else fallback for names in record.unfamiliar]


def _packed(record: Record, room: int) -> Iterator[tuple[list[str], list[str]]]:
    """Gather rows, and what a challenger answered to them, to as many bytes as a line has room for."""
    heard = [f"[{_numbers(each)}]" for each in record.shadow.answers] if record.shadow else [""] * len(record.ids)
    rows: list[str] = []
    answers: list[str] = []
    taken = 0
    for name, row, answer in zip(record.ids, _rows(record), heard, strict=True):
        length = len(row) + len(answer) + len(",,")
        if length > room:
            logger.warning("row too long to capture", extra={"model": record.model, "prediction_id": name})
            continue
        if taken + length > room:
            yield rows, answers
            rows, answers, taken = [], [], 0
        rows.append(row)
        answers.append(answer)
        taken += length
    if rows:
        yield rows, answers
