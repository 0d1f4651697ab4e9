"""Typed rows as JSON text, by templates: it takes less time than the encoder takes for dictionaries.

Values are those of `preprocessing.present`. Several rows are written column by column, fewer of them value by value.
"""

from __future__ import annotations

from functools import partial
from json.encoder import encode_basestring_ascii as text
from typing import TYPE_CHECKING, Any

import numpy as np

from refrain.fast_path.features import MIN_ROWS_BY_COLUMN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from preprocessing import Column, Columns, Lists, Vocabularies

    type Write = Callable[[Any], str]

_EXACT = 2.0**53


class RowWriter:
    """How rows of some columns are written; made once for a version, whose known texts are written once for all."""

    def __init__(self, schema: Mapping[str, Column], names: Sequence[str], vocabularies: Vocabularies) -> None:
        self._writers: list[tuple[str, Write, Callable[[Any], list[Any]]]] = []
        for name in names:
            kind = schema[name].kind
            write = _Texts(vocabularies.get(name, ())).__getitem__ if kind == "category" else _WRITERS[kind]
            self._writers.append((name, write, partial(_COLUMN_WRITERS[kind], write)))
        instance = ",".join(f"{text(name).replace('%', '%%')}:%s" for name in names)
        self._template = f'{{"id":%s,"instance":{{{instance}%s}},"answer":[%s]%s}}'

    def rows(
        self,
        ids: Sequence[str],
        columns: Columns | Lists,
        aside: Sequence[str],
        answers: Sequence[str],
        notes: Sequence[str],
    ) -> Iterator[str]:
        """Write each row: its id, its values, what was sent aside, its answer, its notes."""
        if len(ids) < MIN_ROWS_BY_COLUMN:
            for place, identity in enumerate(ids):
                values = [write(columns[name][place]) for name, write, _ in self._writers]
                yield self._template % (text(identity), *values, aside[place], answers[place], notes[place])
            return
        cells = [write_all(columns[name]) for name, _, write_all in self._writers]
        yield from map(
            self._template.__mod__,
            zip(map(text, ids), *cells, aside, answers, notes, strict=True),
        )


class _Texts(dict[str | None, str]):
    """The JSON of texts: of those that are known written already, and of any other when it is asked for."""

    def __init__(self, known: Sequence[str]) -> None:
        super().__init__({each: text(each) for each in known})
        self[None] = "null"

    def __missing__(self, value: str) -> str:
        return text(value)


def _number(value: float) -> str:
    if value != value:
        return "null"
    return repr(int(value)) if value.is_integer() and -_EXACT < value < _EXACT else repr(float(value))


def _boolean(value: float) -> str:
    return "null" if value != value else "true" if value else "false"


def _time(value: np.datetime64) -> str:
    return "null" if np.isnat(value) else f'"{value}Z"'


_WRITERS: dict[str, Write] = {"number": _number, "boolean": _boolean, "time": _time}


def _texts(write: Write, column: Sequence[Any]) -> list[str]:
    return list(map(write, column))


def _numbers(write: Write, column: Any) -> list[Any]:
    values = _listed(column)
    if all(map(float.is_integer, values)) and min(values) > -_EXACT and max(values) < _EXACT:
        return list(map(int, values))  # which a template writes as JSON does
    return _distinct(write, values)


def _distinct(write: Write, column: Any) -> list[str]:
    """Write each distinct value once, since columns repeat themselves."""
    values = _listed(column)
    written = {value: write(value) for value in set(values)}
    return list(map(written.__getitem__, values))


def _times(_write: Write, column: Any) -> list[str]:
    times = np.datetime_as_string(np.asarray(column, "datetime64[us]")).tolist()
    return ["null" if time == "NaT" else f'"{time}Z"' for time in times]


def _listed(column: Any) -> list[Any]:
    return column if isinstance(column, list) else column.tolist()


_COLUMN_WRITERS: dict[str, Callable[[Write, Any], list[Any]]] = {
    "number": _numbers,
    "boolean": _distinct,
    "time": _times,
    "category": _texts,
}
