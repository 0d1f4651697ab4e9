"""A block of CSV that was parsed at once: the lines of its rows, and their columns, typed and clean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from preprocessing import objects, tidy_text
from refrain.ingest.curated import ROW
from refrain.ingest.readers.chunks import Chunk, Malformed
from refrain.ingest.readers.dialect import Dialect, is_blank, original_row, wrong_width

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from preprocessing import Array, Definition

    Indexes = NDArray[np.int64]


@dataclass(frozen=True)
class Layout:
    """How the lines of a file are read; `indexes` maps columns to their index in the header."""

    definition: Definition
    dialect: Dialect
    header: list[str]
    indexes: Mapping[str, int]
    max_field: int

    def is_header(self, fields: list[str]) -> bool:
        """Tell whether a row repeats the header; most rows lack the first letter of its first name."""
        first, name = fields[0], self.header[0]
        if first.isascii() and name[:1] not in first:
            return False
        return tidy_text(first) == name and list(map(tidy_text, fields)) == self.header

    def fields(self, lines: Sequence[str]) -> list[list[str]]:
        """Split lines into fields; a blank line has none."""
        return list(self.dialect.reader(lines))


@dataclass(frozen=True)
class Lines:
    """The lines of a block (UTF-8): where they begin and end, and which are rows with as many fields as the header."""

    block: bytes
    starts: Indexes
    ends: Indexes
    complete: Indexes

    def texts(self, chosen: Indexes) -> list[str]:
        """Return the chosen lines."""
        bounds = zip(self.starts[chosen].tolist(), self.ends[chosen].tolist(), strict=True)
        return [self.block[start:end].decode() for start, end in bounds]

    @cached_property
    def incomplete(self) -> Indexes:
        """The lines that are blank or malformed."""
        is_incomplete = np.ones(len(self.starts), bool)
        is_incomplete[self.complete] = False
        return np.flatnonzero(is_incomplete)


@dataclass(frozen=True)
class ParsedBlock:
    """The rows of a block: `columns` (Arrow arrays) hold all of them, but only those of the mask `usable` count."""

    layout: Layout
    lines: Lines
    columns: Mapping[str, Any]
    usable: NDArray[np.bool_]

    def chunk(self, number: int, line: int) -> Chunk:
        """Make the chunk of a block that begins with this row and this line of the file, both counted from 1."""
        numbers = number + self._rows_before(self.lines.complete)
        malformed = self._malformed(number, line)
        accepted = pa.table({**self.columns, ROW: pa.array(numbers)})
        undecided = None
        if malformed or not self.usable.all():
            accepted = accepted.filter(pa.array(self.usable))
            undecided = self._chunk(~self.usable, numbers, line, malformed)
        return replace(self._chunk(slice(None), numbers, line, malformed), accepted=accepted, undecided=undecided)

    @property
    def rows(self) -> int:
        """The number of rows, the malformed ones included."""
        return len(self.lines.complete) + len(self._malformed_lines)

    def _chunk(
        self, chosen: slice | NDArray[np.bool_], numbers: Indexes, line: int, malformed: Sequence[Malformed]
    ) -> Chunk:
        rows = self.lines.complete[chosen]
        raw = RawColumns(lambda: self.layout.fields(self.lines.texts(rows)), self.layout.indexes)
        return Chunk(
            numbers=numbers[chosen],
            lines=line + rows,
            columns=raw,
            original=lambda row: original_row(self.layout.header, raw.fields[row]),
            malformed=malformed,
        )

    @cached_property
    def _malformed_lines(self) -> dict[int, list[str]]:
        """The fields of malformed lines."""
        lines = self.lines.incomplete
        rows = (self.layout.fields([text])[0] for text in self.lines.texts(lines))
        return {line: fields for line, fields in zip(lines.tolist(), rows, strict=True) if not is_blank(fields)}

    def _rows_before(self, lines: Indexes) -> Indexes:
        """Count the rows before lines: all lines but the blank ones."""
        is_blank_line = np.zeros(len(self.lines.starts), bool)
        is_blank_line[self.lines.incomplete] = True
        is_blank_line[list(self._malformed_lines)] = False
        blank: Indexes = np.cumsum(is_blank_line)
        return np.asarray(lines - blank[lines], np.int64)

    def _malformed(self, number: int, line: int) -> list[Malformed]:
        width, rows = len(self.layout.header), np.array(list(self._malformed_lines), np.int64)
        return [
            Malformed(number + rows_before, line + row, wrong_width(width, fields), fields)
            for rows_before, (row, fields) in zip(
                self._rows_before(rows).tolist(), self._malformed_lines.items(), strict=True
            )
        ]


class RawColumns(Mapping[str, "Array"]):
    """The raw columns of lines, which are split only when a column is read."""

    def __init__(self, read_fields: Callable[[], list[list[str]]], indexes: Mapping[str, int]) -> None:
        self._read_fields = read_fields
        self._indexes = indexes
        self._columns: dict[str, Array] = {}

    @cached_property
    def fields(self) -> list[list[str]]:
        """The rows, split into fields."""
        return self._read_fields()

    def __getitem__(self, name: str) -> Array:
        """Return one column."""
        if name not in self._columns:
            index = self._indexes[name]
            self._columns[name] = objects([row[index] for row in self.fields])
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""
        return iter(self._indexes)

    def __len__(self) -> int:
        """Count the columns."""
        return len(self._indexes)
