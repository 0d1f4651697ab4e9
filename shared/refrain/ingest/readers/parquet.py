"""Reads Parquet: record batches become chunks of columns, converted as little as `decode` allows."""

from __future__ import annotations

import shutil
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyarrow.types as pt

from preprocessing import Column, objects
from preprocessing.number_values import MAX_EXACT
from preprocessing.time_values import from_zone
from refrain.errors import UnreadableUpload
from refrain.ingest.formats import BLOCK, Content
from refrain.ingest.readers.chunks import MAX_CHUNK_ROWS, MAX_COLUMN_NAMES, Chunk, Reading, column_indexes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from preprocessing import Array, Definition

MAX_BATCH_CELLS = 1_000_000
"""A wide table is read in batches of fewer rows."""


@contextmanager
def read_parquet(path: Path, definition: Definition, _form: str) -> Iterator[Reading]:
    """Open a file. Only the definition's columns are read. Raises `UnreadableUpload`, now or from the chunks."""
    with _damage():
        path = _unpacked(path)
        file = _open(path, "us")
        schema = file.schema_arrow
    with file:
        indexes = column_indexes(definition, schema.names)
        for index in indexes.values():
            _refuse_nested(schema.field(index))
        yield Reading(dict.fromkeys(schema.names[:MAX_COLUMN_NAMES]), _chunks(file, path, definition, indexes))


def read_schema(path: Path) -> Any:
    """Read the Arrow schema of a file. Raises `UnreadableUpload`."""
    with _damage(), _open(_unpacked(path), "us") as file:
        return file.schema_arrow


def _open(path: Path, int96_unit: str) -> Any:
    return pq.ParquetFile(
        path, pre_buffer=False, page_checksum_verification=True, coerce_int96_timestamp_unit=int96_unit
    )


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


def _chunks(file: Any, path: Path, definition: Definition, indexes: Mapping[str, int]) -> Iterator[Chunk]:
    names = {column: file.schema_arrow.names[index] for column, index in indexes.items()}
    size = max(1, min(MAX_CHUNK_ROWS, MAX_BATCH_CELLS // len(names)))
    batches = file.iter_batches(batch_size=size, columns=list(names.values()), use_threads=False)
    with ExitStack() as stack:
        seconds = _int96_in_seconds(file, path, list(names.values()), size, stack)
        number = 1
        while True:
            with _damage():
                batch = next(batches, None)
                if batch is None:
                    return
                batch = _without_wrapped(batch, next(seconds)) if seconds else batch
                chunk = _chunk(batch, number, names, definition)
            yield chunk
            number += chunk.rows


def _int96_in_seconds(file: Any, path: Path, names: Sequence[str], size: int, stack: ExitStack) -> Iterator[Any] | None:
    """Read the INT96 times once more in seconds, which never wrap; None if there are none."""
    columns = (file.schema.column(index) for index in range(len(file.schema)))
    int96 = [column.name for column in columns if column.physical_type == "INT96" and column.name in names]
    if not int96:
        return None
    again = stack.enter_context(_open(path, "s"))
    return cast("Iterator[Any]", again.iter_batches(batch_size=size, columns=int96, use_threads=False))


def _without_wrapped(batch: Any, seconds: Any) -> Any:
    """Replace times that wrapped in 64 bits of microseconds by the last one, which every column refuses."""
    for name in seconds.schema.names:
        times = batch.column(name)
        exact = np.asarray(seconds.column(name).cast(pa.int64()).fill_null(0))
        micros = times.cast(pa.int64())
        whole = np.asarray(micros.fill_null(0)) // 1_000_000
        if (whole != exact).any():
            last = pa.scalar(np.iinfo(np.int64).max, pa.int64())
            micros = pc.if_else(pa.array((whole != exact) & np.asarray(times.is_valid())), last, micros)
            batch = batch.set_column(batch.schema.get_field_index(name), name, micros.cast(times.type))
    return batch


def _chunk(batch: Any, number: int, names: Mapping[str, str], definition: Definition) -> Chunk:
    arrays = {column: batch.column(name) for column, name in names.items()}
    numbers = np.arange(number, number + batch.num_rows)
    return Chunk(
        numbers=numbers,
        lines=numbers,
        columns={
            column: _raw(array, definition.columns.get(column) or Column(column, "category"))
            for column, array in arrays.items()
        },
        original=lambda row: {names[column]: _plain(array[row]) for column, array in arrays.items()},
    )


def _raw(array: Any, column: Column) -> Array:
    """Make the raw array of a column; values of another type go as objects, for `decode` to refuse."""
    if pt.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pt.is_binary(array.type) or pt.is_large_binary(array.type):
        array = _as_text(array)
    if pt.is_floating(array.type) and not pt.is_float64(array.type):  # as the shortest text of the narrow number
        array = pc.cast(pc.cast(array, pa.float32()) if pt.is_float16(array.type) else array, pa.string())
        array = pc.cast(array, pa.float64())
    if column.kind == "number" and _is_number(array, exact=column.numbers.exact):
        return _numpy(pc.cast(array, pa.float64(), safe=False))
    if pt.is_timestamp(array.type) and array.type.unit == "ns":  # Python's own times have no nanoseconds
        array = pc.cast(array, pa.timestamp("us", array.type.tz), safe=False)
    if column.kind == "time" and (pt.is_timestamp(array.type) or pt.is_date(array.type)):
        return _times(array, column)
    if pt.is_string(array.type) or pt.is_large_string(array.type):
        return _numpy(array)
    return objects(_values(array))


def _is_number(array: Any, *, exact: bool) -> bool:
    """Tell whether an array holds numbers that float64 holds as well, or, unless they must be exact, about as well."""
    if pt.is_integer(array.type) and array.type.bit_width == 64 and exact:
        sizes = pc.min_max(array).as_py()
        return not any(abs(size) >= MAX_EXACT for size in sizes.values() if size is not None)
    return pt.is_integer(array.type) or pt.is_floating(array.type) or (pt.is_decimal(array.type) and not exact)


def _times(array: Any, column: Column) -> Array:
    """Make times in UTC; the days of dates and the times without a zone begin in the column's zone."""
    if pt.is_date(array.type):
        array = pc.cast(array, pa.timestamp("s" if pt.is_date32(array.type) else "ms"))
    has_zone = array.type.tz is not None
    times = _numpy(array.cast(pa.int64()).cast(pa.timestamp(array.type.unit)))
    return times if has_zone or not column.times.zone else from_zone(times, column.times.zone)


def _values(array: Any) -> list[object]:
    """Convert an array to values of Python; times beyond Python's calendar or in an unknown zone stay numpy's."""
    try:
        return cast("list[object]", array.to_pylist())
    except Exception:  # noqa: BLE001 (of Arrow, of the calendar, or of the data of zones)
        return [_value(scalar) for scalar in array]


def _value(scalar: Any) -> object:
    try:
        return cast("object", scalar.as_py())
    except Exception:  # noqa: BLE001 (see above)
        if pt.is_timestamp(scalar.type):
            return np.datetime64(scalar.value, scalar.type.unit)
        return np.datetime64(scalar.value, "D" if pt.is_date32(scalar.type) else "ms")


def _numpy(array: Any) -> Array:
    return np.asarray(array.to_numpy(zero_copy_only=False))


def _as_text(array: Any) -> Any:
    """Read bytes as text where they are text: some writers leave the type out."""
    try:
        return pc.cast(array, pa.large_string())
    except pa.ArrowInvalid:
        return array


def _plain(scalar: Any) -> object:
    """Convert a value for the rejected rows; a time beyond Python's calendar becomes text."""
    value = _value(scalar)
    return str(value) if isinstance(value, np.generic) else value
