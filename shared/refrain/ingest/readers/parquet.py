"""Reads Parquet: record batches become chunks of columns, converted as little as `decode` allows."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyarrow.types as pt

from preprocessing import objects
from refrain.errors import UnreadableUpload
from refrain.ingest.formats import BLOCK, Content
from refrain.ingest.readers.chunks import MAX_CHUNK_ROWS, MAX_COLUMN_NAMES, Chunk, Reading, column_indexes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from preprocessing import Array, Definition

MAX_BATCH_CELLS = 1_000_000
"""A wide table is read in batches of fewer rows."""


@contextmanager
def read_parquet(path: Path, definition: Definition, _form: str) -> Iterator[Reading]:
    """Open a file. Only the definition's columns are read. Raises `UnreadableUpload`, now or from the chunks."""
    with _damage():
        file = pq.ParquetFile(_unpacked(path), pre_buffer=False, page_checksum_verification=True)
        schema = file.schema_arrow
    with file:
        indexes = column_indexes(definition, schema.names)
        for index in indexes.values():
            _refuse_nested(schema.field(index))
        yield Reading(dict.fromkeys(schema.names[:MAX_COLUMN_NAMES]), _chunks(file, definition, indexes))


@contextmanager
def _damage() -> Iterator[None]:
    """Turn Arrow's errors into ours."""
    try:
        yield
    except (pa.ArrowException, OSError, OverflowError, ValueError) as error:
        sentence = str(error).splitlines()[0][:300] if str(error) else type(error).__name__
        raise UnreadableUpload("corrupt", f"the file cannot be read as Parquet: {sentence}") from None


def _unpacked(path: Path) -> Path:
    """Unpack a compressed upload to a file first, since Parquet is read from its end."""
    with path.open("rb") as file:
        if file.read(4) == b"PAR1":
            return path
    unpacked = path.with_name(path.name + ".unpacked")
    with Content(path) as content, unpacked.open("wb") as file:
        shutil.copyfileobj(content, file, BLOCK)
    return unpacked


def _refuse_nested(field: Any) -> None:
    if pt.is_nested(field.type):
        raise UnreadableUpload(
            "nested", f"column {field.name!r} is of type {field.type}; expected a single value in each row"
        )


def _chunks(file: Any, definition: Definition, indexes: Mapping[str, int]) -> Iterator[Chunk]:
    names = {column: file.schema_arrow.names[index] for column, index in indexes.items()}
    size = max(1, min(MAX_CHUNK_ROWS, MAX_BATCH_CELLS // len(names)))
    batches = file.iter_batches(batch_size=size, columns=list(names.values()), use_threads=False)
    number = 1
    while True:
        with _damage():
            batch = next(batches, None)
            if batch is None:
                return
            chunk = _chunk(batch, number, names, definition)
        yield chunk
        number += chunk.rows


def _chunk(batch: Any, number: int, names: Mapping[str, str], definition: Definition) -> Chunk:
    arrays = {column: batch.column(name) for column, name in names.items()}
    numbers = np.arange(number, number + batch.num_rows)
    return Chunk(
        numbers=numbers,
        lines=numbers,
        columns={column: _raw(array, definition.columns[column].kind) for column, array in arrays.items()},
        original=lambda row: {names[column]: _plain(array[row]) for column, array in arrays.items()},
    )


def _raw(array: Any, kind: str) -> Array:
    """Make the raw array for a column of this kind; values of another type go as objects, for `decode` to refuse."""
    if pt.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pt.is_binary(array.type) or pt.is_large_binary(array.type):
        array = _as_text(array)
    if kind == "number" and (pt.is_integer(array.type) or pt.is_floating(array.type) or pt.is_decimal(array.type)):
        return _numpy(pc.cast(array, pa.float64(), safe=False))
    if pt.is_timestamp(array.type) and array.type.unit == "ns":  # Python's own times have no nanoseconds
        array = pc.cast(array, pa.timestamp("us", array.type.tz), safe=False)
    if kind == "time" and pt.is_date(array.type):
        array = pc.cast(array, pa.timestamp("s"))
    if pt.is_string(array.type) or pt.is_large_string(array.type) or (kind == "time" and pt.is_timestamp(array.type)):
        return _numpy(array)
    return objects(array.to_pylist())


def _numpy(array: Any) -> Array:
    return np.asarray(array.to_numpy(zero_copy_only=False))


def _as_text(array: Any) -> Any:
    """Read bytes as text where they are text: some writers leave the type out."""
    try:
        return pc.cast(array, pa.large_string())
    except pa.ArrowInvalid:
        return array


def _plain(scalar: Any) -> object:
    """Convert a value to Python's; a time beyond Python's calendar becomes text."""
    try:
        return cast("object", scalar.as_py())
    except (OverflowError, ValueError):
        return str(scalar)
