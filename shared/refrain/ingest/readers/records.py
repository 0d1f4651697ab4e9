"""Turns JSON objects, of JSON lines or of an array, into chunks of columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from preprocessing import is_missing, rows_to_columns, tidy_text
from refrain.ingest.readers.chunks import (
    MAX_COLUMN_NAMES,
    Chunk,
    Malformed,
    Reading,
    batches,
    check_columns,
    columns_by_name,
    printable,
)
from refrain.repeated_names import RepeatedName

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from preprocessing import Array, Definition
    from refrain.ingest.readers.encoding import Text

Record = tuple[int, object, str]
"""Its line (or its row, where the file has no lines), the value, and why it is malformed (empty when it is not)."""


def reading(records: Iterable[Record], definition: Definition, text: Text) -> Reading:
    """Make chunks of records. The names are complete only at the end, since each object has names of its own."""
    names: dict[str, None] = {}
    return Reading(names, _chunks(records, definition, text, names))


def _chunks(records: Iterable[Record], definition: Definition, text: Text, names: dict[str, None]) -> Iterator[Chunk]:
    by_name = columns_by_name(definition)
    number, objects = 1, 0
    for batch in batches(records, text.content):
        chunk = _chunk(batch, number, by_name, names)
        number += len(batch)
        objects += chunk.rows
        yield chunk
    text.check(number - 1)
    if objects:
        check_columns(definition, {by_name[name] for name in names if name in by_name}, names)


def _chunk(batch: list[Record], number: int, by_name: dict[str, str], names: dict[str, None]) -> Chunk:
    rows: list[tuple[int, int, dict[str, object]]] = []
    malformed = []
    for row, (line, value, reason) in enumerate(batch, number):
        if type(value) is dict and not reason:
            rows.append((row, line, value))
            if not value.keys() <= names.keys():
                _remember(value, by_name, names)
        else:
            reason = reason or _unusable(value)
            malformed.append(Malformed(row, line, reason, value))
    values = [row[2] for row in rows]
    return Chunk(
        numbers=np.array([row[0] for row in rows], np.int64),
        lines=np.array([row[1] for row in rows], np.int64),
        columns=_columns(values, by_name, names),
        original=lambda row: values[row],
        malformed=malformed,
    )


def _unusable(value: object) -> str:
    if isinstance(value, RepeatedName):
        return f"the name {printable(value.repeated[:80])!r} appears twice in the object"
    return "expected a JSON object"


def _remember(value: Mapping[str, object], by_name: dict[str, str], names: dict[str, None]) -> None:
    """Note new names, and which column an untidy one means.

    Those of no column are noted only up to a limit, since objects may have any number of names.
    """
    for name in value:
        column = by_name.get(name) or by_name.get(tidy_text(name))
        if column:
            by_name[name] = column
        if column or len(names) < MAX_COLUMN_NAMES:
            names[name] = None


def _columns(
    values: list[dict[str, object]], by_name: Mapping[str, str], names: Mapping[str, None]
) -> dict[str, Array]:
    """Make raw columns; where an object has a column under two names, the first one that is not null counts."""
    columns: dict[str, Array] = {}
    for name, array in rows_to_columns(values, [name for name in by_name if name in names]).items():
        column = by_name[name]
        earlier = columns.get(column)
        columns[column] = array if earlier is None else np.where(is_missing(earlier), array, earlier)
    return columns
