"""Find and remove the rows of people in curated parts, one row group after the other."""

from __future__ import annotations

from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from preprocessing import objects

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from preprocessing import Array
    from refrain.aws.storage import Store
    from refrain.forgetting.own_texts import OwnTexts
    from refrain.forgetting.people import People


def add_curated_texts(store: Store, people: People, keys: Sequence[str], own: OwnTexts) -> None:
    """Take the texts of their curated rows."""
    for table, theirs in _read(store, people, keys):
        own.add(_texts(table.filter(pa.array(theirs))))


def discard_curated_texts(store: Store, people: People, keys: Sequence[str], own: OwnTexts) -> None:
    """Leave out the texts of others' curated rows."""
    for table, theirs in _read(store, people, keys) if own.texts else ():
        own.discard(_texts(table.filter(pa.array(~theirs))))


def forget_part(store: Store, people: People, key: str) -> tuple[int, int]:
    """Remove their rows from a part; return how many went and how many are left."""
    gone = left = 0
    with TemporaryFile() as file, TemporaryFile() as rewritten:
        store.download(key, file)
        masks = [theirs for _, theirs in _groups(people, file, people.names)]
        gone, left = (sum(int((theirs == side).sum()) for theirs in masks) for side in (True, False))
        if gone:
            with pq.ParquetWriter(rewritten, pq.read_schema(file), compression="zstd", store_schema=False) as writer:
                for table, theirs in _groups(people, file):
                    writer.write_table(table.filter(pa.array(~theirs)))
            store.upload(rewritten, key)
    return gone, left


def has_key(store: Store, people: People, key: str) -> bool:
    """Tell whether a part has the columns of their keys: under an earlier definition it may have had other ones."""
    with TemporaryFile() as file:
        store.download(key, file)
        return set(people.names) <= set(pq.read_schema(file).names)


def _read(store: Store, people: People, keys: Sequence[str]) -> Iterator[tuple[pa.Table, NDArray[np.bool_]]]:
    for key in keys:
        with TemporaryFile() as file:
            store.download(key, file)
            yield from _groups(people, file)


def _groups(
    people: People, file: IO[bytes], columns: Sequence[str] | None = None
) -> Iterator[tuple[pa.Table, NDArray[np.bool_]]]:
    """Yield the row groups of a file, all columns or these, each with a mask of their rows."""
    parquet = pq.ParquetFile(file)
    stored = None if columns is None else [name for name in columns if name in parquet.schema_arrow.names]
    for group in range(parquet.num_row_groups):
        table = parquet.read_row_group(group, columns=stored)
        raw = {name: _raw(table.column(name)) for name in people.names if name in table.column_names}
        yield table, people.mark(raw, parquet.metadata.row_group(group).num_rows)


def _texts(table: pa.Table) -> Iterator[object]:
    for column in table.columns:
        if pa.types.is_string(column.type):
            yield from pc.unique(column).to_pylist()


def _raw(column: Any) -> Array:
    is_plain = not (pa.types.is_string(column.type) or pa.types.is_boolean(column.type))
    return np.asarray(column.to_numpy()) if is_plain else objects(column.to_pylist())
