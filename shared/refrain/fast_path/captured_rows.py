"""Write clean rows as JSON by templates: the plain way is `preprocessing.present` and `json`.

Several rows are written column by column, fewer of them value by value.
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

    type WriteValue = Callable[[Any], str]

_EXACT = 2.0**53


class RowWriter:
    """Writes rows of some columns; made once for a version, whose known texts it writes only once."""

    def __init__(self, schema: Mapping[str, Column], names: Sequence[str], vocabularies: Vocabularies) -> None:
        self._writers: list[tuple[str, WriteValue, Callable[[Any], list[Any]]]] = []
        for name in names:
            kind = schema[name].kind
            write = _JsonTexts(vocabularies.get(name, ())).__getitem__ if kind == "category" else _WRITERS[kind]
            self._writers.append((name, write, partial(_COLUMN_WRITERS[kind], write)))
        instance = ",".join(f"{text(name).replace('%', '%%')}:%s" for name in names)
        self._template = f'{{"id":%s,"instance":{{{instance}%s}},"answer":[%s]%s}}'

    def rows(
        self,
        ids: Sequence[str],
        columns: Columns | Lists,
        identity: Sequence[str],
        answers: Sequence[str],
        notes: Sequence[str],
    ) -> Iterator[str]:
        """Write each row: its id, its values, the columns that identify it, its answer and its notes."""
        if len(ids) < MIN_ROWS_BY_COLUMN:
            for row, prediction in enumerate(ids):
                values = [write(columns[name][row]) for name, write, _ in self._writers]
                yield self._template % (text(prediction), *values, identity[row], answers[row], notes[row])
            return
        cells = [write_column(columns[name]) for name, _, write_column in self._writers]
        yield from map(self._template.__mod__, zip(map(text, ids), *cells, identity, answers, notes, strict=True))


class _JsonTexts(dict[str | None, str]):
    """Texts as JSON: those of a vocabulary are written in advance, any other when it is needed."""

    def __init__(self, vocabulary: Sequence[str]) -> None:
        super().__init__({entry: text(entry) for entry in vocabulary})
        self[None] = "null"

    def __missing__(self, value: str) -> str:
        return text(value)


def _number(value: float) -> str:
    if value != value:
        return "null"
    return repr(int(value)) if value.is_integer() and -_EXACT < value < _EXACT else repr(float(value))


_WRITERS: dict[str, WriteValue] = {
    "number": _number,
    "boolean": lambda value: "null" if value != value else "true" if value else "false",
    "time": lambda value: "null" if np.isnat(value) else f'"{value}Z"',
}


def _numbers(write: WriteValue, column: Any) -> list[Any]:
    values = _listed(column)
    if all(map(float.is_integer, values)) and min(values) > -_EXACT and max(values) < _EXACT:
        return list(map(int, values))  # a template writes them as JSON does
    return _distinct(write, values)


def _distinct(write: WriteValue, column: Any) -> list[str]:
    """Write each distinct value once, since columns repeat values."""
    values = _listed(column)
    texts = {value: write(value) for value in set(values)}
    return list(map(texts.__getitem__, values))


def _times(_write: WriteValue, column: Any) -> list[str]:
    times = np.datetime_as_string(np.asarray(column, "datetime64[us]")).tolist()
    return ["null" if time == "NaT" else f'"{time}Z"' for time in times]


def _listed(column: Any) -> list[Any]:
    return column if isinstance(column, list) else column.tolist()


_COLUMN_WRITERS: dict[str, Callable[[WriteValue, Any], list[Any]]] = {
    "number": _numbers,
    "boolean": _distinct,
    "time": _times,
    "category": lambda write, column: list(map(write, column)),
}
