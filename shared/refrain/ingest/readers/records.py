"""JSON objects, from whatever file, to chunks of columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from preprocessing import is_missing, rows_to_columns
from refrain.ingest.readers.chunks import NAMES, Chunk, Malformed, Reading, batches, check_columns, sources

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from preprocessing import Array, Definition
    from refrain.ingest.formats import Content

Record = tuple[int, object, str]
"""Its line (or its row, where there are no lines), the value, and why it is malformed (empty when it is not)."""


def reading(form: str, records: Iterator[Record], definition: Definition, content: Content) -> Reading:
    """Make chunks of records. Which columns there are is known at the end only, since each object names its own."""
    found: dict[str, None] = {}
    return Reading(form, found, _chunks(records, definition, content, found))


def _chunks(
    records: Iterator[Record], definition: Definition, content: Content, found: dict[str, None]
) -> Iterator[Chunk]:
    known = sources(definition)
    number, objects = 1, 0
    for batch in batches(records, content):
        chunk = _chunk(batch, number, known, found)
        number += len(batch)
        objects += chunk.rows
        yield chunk
    if objects:
        check_columns(definition, {known[name] for name in found if name in known}, found)


def _chunk(batch: list[Record], number: int, known: Mapping[str, str], found: dict[str, None]) -> Chunk:
    rows: list[tuple[int, int, dict[str, object]]] = []
    malformed = []
    for at, (line, value, wrong) in enumerate(batch, number):
        if isinstance(value, dict):
            rows.append((at, line, value))
            if not value.keys() <= found.keys():
                _remember(value, known, found)
        else:
            malformed.append(Malformed(at, line, wrong or "expected a JSON object", value))
    values = [row[2] for row in rows]
    return Chunk(
        numbers=np.array([row[0] for row in rows], np.int64),
        lines=np.array([row[1] for row in rows], np.int64),
        columns=_columns(values, known, found),
        original=lambda row: values[row],
        malformed=malformed,
    )


def _remember(value: Mapping[str, object], known: Mapping[str, str], found: dict[str, None]) -> None:
    """Note new names; those of no column only up to a bound, for objects may have names without end."""
    for name in value:
        if name in known or len(found) < NAMES:
            found[name] = None


def _columns(values: list[dict[str, object]], known: Mapping[str, str], found: Mapping[str, None]) -> dict[str, Array]:
    """Make raw columns; where an object has a column under two names, the first one that is not null counts."""
    names = [name for name in known if name in found]
    columns: dict[str, Array] = {}
    for name, array in rows_to_columns(values, names).items():
        column = known[name]
        earlier = columns.get(column)
        columns[column] = array if earlier is None else np.where(is_missing(earlier), array, earlier)
    return columns
