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
STEP = 5_000
"""A table that does not fit into a part any more is cut behind a multiple of so many rows."""

GROUP_BYTES = 16 * 1024 * 1024
"""Rows are gathered to row groups of about this size before they are written."""

TYPES: Mapping[str, Any] = {
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "time": pa.timestamp("us", tz="UTC"),
    "category": pa.dictionary(pa.int32(), pa.string()),
}
"""What the kinds of columns are in a table; a file has the texts of its categories, whatever their codes were."""


@dataclass
class CuratedPart:
    """One finished file, and how many rows it holds."""

    path: Path
    rows: int


class Curated:
    """Writes tables to `part-NNNN.parquet` in a folder; one of less than `STEP` rows never spans two parts."""

    def __init__(self, folder: Path, definition: Definition) -> None:
        self.parts: list[CuratedPart] = []
        self._folder = folder
        self._schema = schema(definition)
        self._texts = [column.name for column in definition.columns.values() if column.kind == "category"]
        self._writer: pq.ParquetWriter | None = None
        self._group: list[pa.Table] = []

    def add(self, table: pa.Table) -> None:
        """Take rows, made by `table`."""
        while table.num_rows:
            room = PART_ROWS - self.parts[-1].rows if self._writer is not None else 0
            step = min(STEP, PART_ROWS)
            rows = table.num_rows if table.num_rows <= room else room // step * step
            if not rows:
                self._flush()
                self._end_part()
                self._open()
                continue
            self._group.append(table.slice(0, rows))
            self.parts[-1].rows += rows
            table = table.slice(rows)
            if sum(part.nbytes for part in self._group) >= GROUP_BYTES:
                self._flush()

    def close(self) -> None:
        """Finish the last part."""
        self._flush()
        self._end_part()

    def _open(self) -> None:
        path = self._folder / f"part-{len(self.parts):04d}.parquet"
        self._writer = pq.ParquetWriter(
            path, self._schema, compression="zstd", use_dictionary=self._texts, store_schema=False
        )
        self.parts.append(CuratedPart(path, 0))

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
    fields = [(name, TYPES[column.kind]) for name, column in definition.columns.items()]
    return pa.schema([*fields, (ROW, pa.int64())])


def arrow_table(definition: Definition, columns: Columns, numbers: Array) -> pa.Table:
    """Make an Arrow table of typed columns; missing is null, in every type."""
    arrays = [array_of(columns[name], column.kind) for name, column in definition.columns.items()]
    return pa.Table.from_arrays([*arrays, pa.array(numbers, pa.int64())], schema=schema(definition))


def merge_by_row_number(first: pa.Table, second: pa.Table) -> pa.Table:
    """Bring the rows of two tables into the order of their numbers."""
    if not second.num_rows:
        return first
    return pa.concat_tables([first, second]).unify_dictionaries().combine_chunks().sort_by(ROW)


def array_of(array: Array, kind: str) -> Any:
    """Make an Arrow array of a typed column."""
    if kind == "boolean":
        return pa.array(array == 1, pa.bool_(), mask=is_missing(array))
    if kind == "category":
        return pa.array(array, pa.string(), from_pandas=True).dictionary_encode()
    return pa.array(array, TYPES[kind], from_pandas=True)
