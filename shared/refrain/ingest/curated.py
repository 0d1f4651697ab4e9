"""Clean rows as Parquet: parts of bounded size, the same bytes for the same rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from preprocessing import is_missing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from preprocessing import Array, Columns, Definition

ROW = "_row"
"""Beside the definition's columns: the row's number in the upload, from 1."""

PART_ROWS = 1_000_000
GROUP_BYTES = 16 * 1024 * 1024
"""Rows are gathered to row groups of about this size before they are written."""

_TYPES: Mapping[str, Any] = {
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "time": pa.timestamp("us", tz="UTC"),
    "category": pa.string(),
}


@dataclass
class Part:
    """One finished file, and how many rows it holds."""

    path: Path
    rows: int


class Curated:
    """Writes tables to `part-NNNN.parquet` in a folder; a table never spans two parts."""

    def __init__(self, folder: Path, definition: Definition) -> None:
        self.parts: list[Part] = []
        self._folder = folder
        self._schema = schema(definition)
        self._writer: pq.ParquetWriter | None = None
        self._group: list[pa.Table] = []

    def add(self, table: pa.Table) -> None:
        """Take rows, made by `table`."""
        if not table.num_rows:
            return
        if self._writer is None or self.parts[-1].rows + table.num_rows > PART_ROWS:
            self._flush()
            self._end_part()
            self._open()
        self._group.append(table)
        self.parts[-1].rows += table.num_rows
        if sum(part.nbytes for part in self._group) >= GROUP_BYTES:
            self._flush()

    def close(self) -> None:
        """Finish the last part."""
        self._flush()
        self._end_part()

    def _open(self) -> None:
        path = self._folder / f"part-{len(self.parts):04d}.parquet"
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")
        self.parts.append(Part(path, 0))

    def _flush(self) -> None:
        if self._writer is not None and self._group:
            self._writer.write_table(pa.concat_tables(self._group).combine_chunks())
        self._group = []

    def _end_part(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._writer = None


def schema(definition: Definition) -> pa.Schema:
    """Name and type the columns of curated rows."""
    fields = [(name, _TYPES[column.kind]) for name, column in definition.columns.items()]
    return pa.schema([*fields, (ROW, pa.int64())])


def table(definition: Definition, columns: Columns, numbers: Array) -> pa.Table:
    """Make an Arrow table of typed columns; missing is null, in every type."""
    arrays = [_array(columns[name], column.kind) for name, column in definition.columns.items()]
    return pa.Table.from_arrays([*arrays, pa.array(numbers, pa.int64())], schema=schema(definition))


def _array(array: Array, kind: str) -> Any:
    if kind == "boolean":
        return pa.array(array == 1, pa.bool_(), mask=is_missing(array))
    return pa.array(array, _TYPES[kind], from_pandas=True)
