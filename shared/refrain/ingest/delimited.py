"""CSV and TSV: a stream of lines to chunks of columns."""

from __future__ import annotations

import csv
from contextlib import closing, contextmanager
from itertools import chain, compress
from typing import TYPE_CHECKING

import numpy as np

from preprocessing import objects
from refrain.errors import UnreadableUpload
from refrain.ingest.chunks import NAMES, Chunk, Malformed, Reading, batches, places
from refrain.ingest.dialect import delimiter_of, reader
from refrain.ingest.encoding import Text

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence
    from pathlib import Path

    from preprocessing import Definition

LONGEST_FIELD = 1024 * 1024
"""Letters. A longer one is no value, but most likely a quote that was never closed."""

Row = tuple[int, list[str], str]
"""The line that it begins in, its fields, and why it is malformed (empty when it is not)."""


@contextmanager
def read(path: Path, definition: Definition, form: str) -> Iterator[Reading]:
    """Open a file. Raises `UnreadableUpload`, now or from the chunks."""
    csv.field_size_limit(LONGEST_FIELD)
    with closing(Text(path, definition.source.encoding)) as text:
        delimiter = definition.source.delimiter or ("\t" if form == "tsv" else delimiter_of(text.head, definition))
        header, rows = _header(iter(Records(text, delimiter)), definition)
        found = places(definition, header)
        chunks = (_chunk(batch, number, header, found) for batch, number in _numbered(batches(rows, text.content)))
        yield Reading(form, dict.fromkeys(header[:NAMES]), chunks)


class Records:
    """The rows of a file, each with the line that it begins in; blank lines are none.

    A quote that is never closed would swallow all that follows. So the lines of a row are remembered until it is
    complete, and where it never is, its first line alone is malformed and the others are read again.
    """

    def __init__(self, text: Text, delimiter: str) -> None:
        self._text = text
        self._delimiter = delimiter
        self._open: list[str] = []  # the lines of the row that is being read
        self._again: Iterator[str] = iter(())  # lines to be read once more
        self._done = 0  # lines before the open ones
        self._ended = False

    def __iter__(self) -> Iterator[Row]:
        """Yield rows; once only."""
        while not self._ended:
            yield from self._until_unclosed()

    def _until_unclosed(self) -> Iterator[Row]:
        lines, too_long = self._open, False
        try:
            for row in reader(self._lines(), self._delimiter):
                if self._ended:  # the parser asked for more lines and made do without
                    break
                if len(row) > 1 or (row and row[0].strip()):
                    yield self._done + 1, row, ""
                self._done += len(lines)
                lines.clear()
        except csv.Error:
            too_long = len(lines) == 1
        except UnicodeDecodeError as error:
            raise self._text.refuse_line(error, self._done + len(lines) + 1) from None
        if lines:
            yield self._unclosed(too_long)

    def _lines(self) -> Iterator[str]:
        for line in chain(self._again, self._text.lines):
            self._open.append(line)
            yield line
        self._ended = True

    def _unclosed(self, too_long: bool) -> Row:
        first, *others = self._open
        self._open.clear()
        self._again = iter([*others, *self._again])
        self._done += 1
        self._ended = False
        field = f"a field is longer than {LONGEST_FIELD} letters"
        return self._done, [first.rstrip("\r\n")], field if too_long else "a quote is opened here and never closed"


def _header(rows: Iterator[Row], definition: Definition) -> tuple[list[str], Iterator[Row]]:
    """Name the fields: by the definition's header, unless the file has that line itself, else by the first line."""
    first = next(rows, None)
    if first is None:
        raise UnreadableUpload("empty", "the file has only blank lines")
    names, said = [name.strip() for name in first[1]], definition.source.header
    if said and set(names) != set(said):
        return list(said), chain([first], rows)
    if first[2]:
        raise UnreadableUpload("no_header", f"line {first[0]}, the header: {first[2]}")
    return names, rows


def _numbered(groups: Iterator[list[Row]]) -> Generator[tuple[list[Row], int]]:
    """Give each group the number of its first row, from 1."""
    number = 1
    for group in groups:
        yield group, number
        number += len(group)


def _chunk(rows: list[Row], number: int, header: Sequence[str], found: Mapping[str, int]) -> Chunk:
    width = len(header)
    numbers = np.arange(number, number + len(rows))
    malformed = _malformed(rows, number, width)
    if malformed:
        good = np.ones(len(rows), bool)
        good[[row.number - number for row in malformed]] = False
        rows, numbers = list(compress(rows, good)), numbers[good]
    lines, fields, _ = zip(*rows, strict=True) if rows else ((), (), ())
    cells = list(zip(*fields, strict=True)) or [()] * width
    return Chunk(
        numbers=numbers,
        lines=np.array(lines, np.int64),
        columns={name: objects(cells[place]) for name, place in found.items()},
        original=lambda row: _named(header, fields[row]),
        malformed=malformed,
    )


def _malformed(rows: list[Row], number: int, width: int) -> list[Malformed]:
    return [
        Malformed(at, line, wrong or f"expected {width} fields, got {len(fields)}", fields)
        for at, (line, fields, wrong) in enumerate(rows, number)
        if wrong or len(fields) != width
    ]


def _named(header: Sequence[str], fields: list[str]) -> object:
    return dict(zip(header, fields, strict=True)) if len(set(header)) == len(header) else fields
