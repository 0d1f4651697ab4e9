"""Writes clean rows as Parquet, in parts of bounded size: the same bytes for the same rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from preprocessing import is_missing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from preprocessing import Array, Columns, Definition

ROW = "_row"
"""Beside the definition's columns: the row's number in the upload, from 1."""

MAX_PART_ROWS = 1_000_000
STEP = 5_000
"""A table that does not fit into a part is cut after a multiple of so many rows."""

MAX_GROUP_BYTES = 16 * 1024 * 1024
"""Rows are written in row groups of about this size."""

SAMPLE_ROWS = 10_000
"""Rows of a part that show whether a column repeats its values."""

MIN_REPEATS = 8
"""With more repeats of its values, a column is written as a dictionary: smaller, and in less time."""

TYPES: Mapping[str, Any] = {
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "time": pa.timestamp("us", tz="UTC"),
    "category": pa.dictionary(pa.int32(), pa.string()),
}
"""The Arrow type of each kind of column; a file holds the texts of its categories, not their codes."""


@dataclass
class CuratedFile:
    """One part on disk, and how many rows it holds."""

    path: Path
    rows: int


class Curated:
    """Writes tables to `part-NNNN.parquet` in a folder; a table of less than `STEP` rows never spans two parts."""

    def __init__(self, folder: Path, definition: Definition) -> None:
        self.parts: list[CuratedFile] = []
        self._folder = folder
        self._schema = schema(definition)
        self._texts = [column.name for column in definition.columns.values() if column.kind == "category"]
        self._measured = [name for name in self._schema.names if name not in self._texts]
        self._writer: pq.ParquetWriter | None = None
        self._group: list[pa.Table] = []

    def add(self, table: pa.Table) -> None:
        """Write the rows of a table made by `arrow_table`."""
        while table.num_rows:
            room = MAX_PART_ROWS - self.parts[-1].rows if self._writer is not None else 0
            step = min(STEP, MAX_PART_ROWS)
            rows = table.num_rows if table.num_rows <= room else room // step * step
            if not rows:
                self._flush()
                self._end_part()
                self._open(table)
                continue
            self._group.append(table.slice(0, rows))
            self.parts[-1].rows += rows
            table = table.slice(rows)
            if sum(part.nbytes for part in self._group) >= MAX_GROUP_BYTES:
                self._flush()

    def close(self) -> None:
        """Finish the last part."""
        self._flush()
        self._end_part()

    def _open(self, table: pa.Table) -> None:
        path = self._folder / f"part-{len(self.parts):04d}.parquet"
        start = table.slice(0, SAMPLE_ROWS)
        repeating = [name for name in self._measured if _repeats_itself(start.column(name))]
        self._writer = pq.ParquetWriter(
            path,
            self._schema,
            compression="zstd",
            use_dictionary=[*self._texts, *repeating],
            column_encoding={ROW: "DELTA_BINARY_PACKED"},
            write_statistics=self._measured,
            store_schema=False,
        )
        self.parts.append(CuratedFile(path, 0))

    def _flush(self) -> None:
        if self._writer is not None and self._group:
            self._writer.write_table(pa.concat_tables(self._group).combine_chunks())
        self._group = []

    def _end_part(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._writer = None


def _repeats_itself(values: pa.ChunkedArray) -> bool:
    distinct: int = pc.count_distinct(values).as_py()
    return distinct * MIN_REPEATS < len(values)


def schema(definition: Definition) -> pa.Schema:
    """Name and type the columns of curated rows."""
    fields = [(name, TYPES[column.kind]) for name, column in definition.columns.items()]
    return pa.schema([*fields, (ROW, pa.int64())])


def arrow_table(definition: Definition, columns: Columns, numbers: Array) -> pa.Table:
    """Make an Arrow table of typed columns; missing values of every type become null."""
    arrays = [array_of(columns[name], column.kind) for name, column in definition.columns.items()]
    return pa.Table.from_arrays([*arrays, pa.array(numbers, pa.int64())], schema=schema(definition))


def merge_by_row_number(first: pa.Table, second: pa.Table) -> pa.Table:
    """Merge the rows of two tables in the order of their numbers."""
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
