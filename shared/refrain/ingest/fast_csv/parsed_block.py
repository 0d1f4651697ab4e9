"""A block of CSV that was understood at once: where its rows are, and their columns, typed and clean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from preprocessing import objects
from refrain.ingest.curated import ROW
from refrain.ingest.readers.chunks import Chunk, Malformed
from refrain.ingest.readers.dialect import is_blank, named, reader, wrong_width

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from preprocessing import Array, Definition

    Places = NDArray[np.int64]


@dataclass(frozen=True)
class Layout:
    """How the lines of a file are to be read; `found` maps columns to their place in the header."""

    definition: Definition
    delimiter: str
    header: Sequence[str]
    found: Mapping[str, int]
    longest: int

    def fields(self, lines: Sequence[str]) -> list[list[str]]:
        """Part lines, each of which is a row, or blank and then of no fields."""
        return list(reader(lines, self.delimiter))


@dataclass(frozen=True)
class Lines:
    """The lines of a block (UTF-8): where each begins and ends, and which of them are rows as wide as the header."""

    block: bytes
    starts: Places
    ends: Places
    whole: Places

    def texts(self, chosen: Places) -> list[str]:
        """Give some lines."""
        bounds = zip(self.starts[chosen].tolist(), self.ends[chosen].tolist(), strict=True)
        return [self.block[start:end].decode() for start, end in bounds]

    @cached_property
    def others(self) -> Places:
        """Tell which lines are blank or malformed."""
        return np.setdiff1d(np.arange(len(self.starts)), self.whole, assume_unique=True)


@dataclass(frozen=True)
class Plain:
    """The rows of a block: `columns` of all of them, each an Arrow array, of which only `good` rows are to be used."""

    layout: Layout
    lines: Lines
    columns: Mapping[str, Any]
    good: NDArray[np.bool_]

    def chunk(self, number: int, line: int) -> Chunk:
        """Make the chunk of a block that begins with this row and this line of the file, both from 1."""
        numbers = number + np.searchsorted(self._rows, self.lines.whole)
        malformed = self._malformed(number, line)
        sure = pa.table({**self.columns, ROW: pa.array(numbers)})
        unsure = None
        if malformed or not self.good.all():
            sure = sure.filter(pa.array(self.good))
            unsure = self._chunk(~self.good, numbers, line, malformed)
        return replace(self._chunk(slice(None), numbers, line, malformed), sure=sure, unsure=unsure)

    @property
    def count(self) -> int:
        """How many rows there are, the malformed among them."""
        return len(self._rows)

    def _chunk(
        self, chosen: slice | NDArray[np.bool_], numbers: Places, line: int, malformed: Sequence[Malformed]
    ) -> Chunk:
        rows = self.lines.whole[chosen]
        raw = Raw(lambda: self.layout.fields(self.lines.texts(rows)), self.layout.found)
        return Chunk(
            numbers=numbers[chosen],
            lines=line + rows,
            columns=raw,
            original=lambda row: named(self.layout.header, raw.fields[row]),
            malformed=malformed,
        )

    @cached_property
    def _odd(self) -> dict[int, list[str]]:
        """The fields of malformed lines."""
        others = self.lines.others
        found = (self.layout.fields([text])[0] for text in self.lines.texts(others))
        return {at: fields for at, fields in zip(others.tolist(), found, strict=True) if not is_blank(fields)}

    @cached_property
    def _rows(self) -> Places:
        """The lines that are rows, malformed or not."""
        return np.sort(np.concatenate([self.lines.whole, np.array(list(self._odd), np.int64)]))

    def _malformed(self, number: int, line: int) -> list[Malformed]:
        width = len(self.layout.header)
        return [
            Malformed(number + int(np.searchsorted(self._rows, at)), line + at, wrong_width(width, fields), fields)
            for at, fields in self._odd.items()
        ]


class Raw(Mapping[str, "Array"]):
    """The raw columns of some lines, which are parted only where somebody wants one."""

    def __init__(self, fields: Callable[[], list[list[str]]], found: Mapping[str, int]) -> None:
        self._read = fields
        self._found = found
        self._columns: dict[str, Array] = {}

    @cached_property
    def fields(self) -> list[list[str]]:
        """The rows."""
        return self._read()

    def __getitem__(self, name: str) -> Array:
        """Give one column."""
        if name not in self._columns:
            place = self._found[name]
            self._columns[name] = objects([row[place] for row in self.fields])
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""
        return iter(self._found)

    def __len__(self) -> int:
        """Count the columns."""
        return len(self._found)
