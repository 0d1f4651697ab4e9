"""CSV and TSV: a stream of lines to chunks of columns."""

from __future__ import annotations

import csv
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from itertools import compress
from typing import TYPE_CHECKING

import numpy as np

from preprocessing import objects
from refrain.errors import UnreadableUpload
from refrain.ingest.fast_csv.block_parsing import may_be_plain, parse
from refrain.ingest.fast_csv.blocks import Blocks, has_blocks
from refrain.ingest.fast_csv.parsed_block import Layout, Plain
from refrain.ingest.readers.chunks import BYTES, NAMES, ROWS, Chunk, Malformed, Reading, places
from refrain.ingest.readers.dialect import delimiter_of, is_blank, named, reader, wrong_width
from refrain.ingest.readers.encoding import Text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from preprocessing import Definition
    from refrain.ingest.formats import Content

PARSERS = 2
"""Threads that parse blocks, beside the one that writes them; Arrow needs no lock of Python's."""

LONGEST_FIELD = 1024 * 1024
"""Letters. A longer one is no value, but most likely a quote that was never closed."""

Row = tuple[int, list[str], str]
"""The line that it begins in, its fields, and why it is malformed (empty when it is not)."""


@contextmanager
def read_delimited(path: Path, definition: Definition, form: str) -> Iterator[Reading]:
    """Open a file. Raises `UnreadableUpload`, now or from the chunks."""
    csv.field_size_limit(LONGEST_FIELD)
    with closing(Text(path, definition.source.encoding)) as text, ThreadPoolExecutor(PARSERS) as pool:
        delimiter = definition.source.delimiter or ("\t" if form == "tsv" else delimiter_of(text.head, definition))
        blocks = Blocks[Plain](text) if has_blocks(text) else None
        records = Records(text, delimiter, text.lines if blocks is None else blocks)
        header, pending = _header(records, definition)
        layout = Layout(definition, delimiter, header, places(definition, header), LONGEST_FIELD)
        if blocks is not None and may_be_plain(layout):
            blocks.parse_ahead(pool, partial(parse, layout))
        yield Reading(form, dict.fromkeys(header[:NAMES]), _chunks(records, pending, layout, text.content, blocks))


def _chunks(
    records: Records, pending: list[Row], layout: Layout, content: Content, blocks: Blocks[Plain] | None
) -> Iterator[Chunk]:
    """Take blocks whole where that goes, and some rows one by one where it does not."""
    number = 1
    while True:
        while blocks is not None and not pending and records.is_between_rows and (plain := blocks.take()):
            yield plain.chunk(number, records.pass_over(len(plain.lines.starts)))
            number += plain.count
        batch = pending or list(_batch(records, content, blocks))
        if not batch:
            return
        yield _chunk(batch, number, layout)
        number += len(batch)
        pending = []


def _batch(records: Records, content: Content, blocks: Blocks[Plain] | None) -> Iterator[Row]:
    """Read rows, until they are many or a block ends with one."""
    stop = content.consumed + BYTES
    for count, row in enumerate(records, 1):
        yield row
        at_end = blocks is not None and blocks.is_at_end and records.is_between_rows
        if count >= ROWS or content.consumed >= stop or at_end:
            return


class Records:
    """The rows of a file, each with the line that it begins in; blank lines are none.

    A quote that is never closed would swallow all that follows. So the lines of a row are remembered until it is
    complete, and where it never is, its first line alone is malformed and the others are read again.
    """

    def __init__(self, text: Text, delimiter: str, lines: Iterator[str]) -> None:
        self._text = text
        self._unread = lines
        self._delimiter = delimiter
        self._open: list[str] = []  # the lines of the row that is being read
        self._again: deque[str] = deque()  # lines to be read once more
        self._done = 0  # lines before the open ones
        self._ended = False
        self._rows = self._all()

    def __iter__(self) -> Iterator[Row]:
        """Iterate over the rows; once only, but with pauses."""
        return self._rows

    @property
    def is_between_rows(self) -> bool:
        """Tell whether the next line is one that nobody has read yet, and begins a row."""
        return not self._open and not self._again

    def pass_over(self, lines: int) -> int:
        """Count lines that somebody else reads; return the number of the first."""
        self._done += lines
        return self._done - lines + 1

    def _all(self) -> Iterator[Row]:
        while not self._ended:
            yield from self._until_unclosed()

    def _until_unclosed(self) -> Iterator[Row]:
        lines, too_long = self._open, False
        try:
            for row in reader(self._lines(), self._delimiter):
                if self._ended:  # the parser asked for more lines and made do without
                    break
                line = self.pass_over(len(lines))
                lines.clear()
                if not is_blank(row):
                    yield line, row, ""
        except csv.Error:
            too_long = len(lines) == 1
        except UnicodeDecodeError as error:
            raise self._text.refuse_line(error, self._done + len(lines) + 1) from None
        if lines:
            yield self._unclosed(too_long)

    def _lines(self) -> Iterator[str]:
        while (line := self._again.popleft() if self._again else next(self._unread, None)) is not None:
            self._open.append(line)
            yield line
        self._ended = True

    def _unclosed(self, too_long: bool) -> Row:
        first, *others = self._open
        self._open.clear()
        self._again.extendleft(reversed(others))
        self._done += 1
        self._ended = False
        field = f"a field is longer than {LONGEST_FIELD} letters"
        return self._done, [first.rstrip("\r\n")], field if too_long else "a quote is opened here and never closed"


def _header(records: Records, definition: Definition) -> tuple[list[str], list[Row]]:
    """Name the fields: by the definition's header, unless the file has that line itself, else by the first line.

    The first line is returned too where it is a row.
    """
    first = next(iter(records), None)
    if first is None:
        raise UnreadableUpload("empty", "the file has only blank lines")
    names, said = [name.strip() for name in first[1]], definition.source.header
    if said and set(names) != set(said):
        return list(said), [first]
    if first[2]:
        raise UnreadableUpload("no_header", f"line {first[0]}, the header: {first[2]}")
    return names, []


def _chunk(rows: list[Row], number: int, layout: Layout) -> Chunk:
    width = len(layout.header)
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
        columns={name: objects(cells[place]) for name, place in layout.found.items()},
        original=lambda row: named(layout.header, fields[row]),
        malformed=malformed,
    )


def _malformed(rows: list[Row], number: int, width: int) -> list[Malformed]:
    return [
        Malformed(at, line, wrong or wrong_width(width, fields), fields)
        for at, (line, fields, wrong) in enumerate(rows, number)
        if wrong or len(fields) != width
    ]
