"""Reads CSV and TSV: a stream of lines becomes chunks of columns, whole blocks of lines at once where possible."""

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
from refrain.ingest.fast_csv.block_parsing import can_parse_blocks, parse_block
from refrain.ingest.fast_csv.blocks import Blocks, has_blocks
from refrain.ingest.fast_csv.parsed_block import Layout, ParsedBlock
from refrain.ingest.readers.chunks import (
    MAX_CHUNK_BYTES,
    MAX_CHUNK_ROWS,
    MAX_COLUMN_NAMES,
    Chunk,
    Malformed,
    Reading,
    column_indexes,
)
from refrain.ingest.readers.dialect import delimiter_of, is_blank, original_row, reader, wrong_width
from refrain.ingest.readers.encoding import Text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from preprocessing import Definition
    from refrain.ingest.formats import Content

PARSERS = 2
"""Threads that parse blocks, beside the one that writes them; Arrow works without Python's lock."""

MAX_FIELD_LENGTH = 1024 * 1024
"""Characters. A longer field is most likely a quote that was never closed."""

Row = tuple[int, list[str], str]
"""The line in which it begins, its fields, and why it is malformed (empty when it is not)."""


@contextmanager
def read_delimited(path: Path, definition: Definition, form: str) -> Iterator[Reading]:
    """Open a file. Raises `UnreadableUpload`, now or from the chunks."""
    csv.field_size_limit(MAX_FIELD_LENGTH)
    with closing(Text(path, definition.source.encoding)) as text, ThreadPoolExecutor(PARSERS) as pool:
        delimiter = definition.source.delimiter or ("\t" if form == "tsv" else delimiter_of(text.head, definition))
        blocks = Blocks[ParsedBlock](text) if has_blocks(text) else None
        records = Records(text, delimiter, text.lines if blocks is None else blocks)
        header, pending = _header(records, definition)
        layout = Layout(definition, delimiter, header, column_indexes(definition, header), MAX_FIELD_LENGTH)
        if blocks is not None and can_parse_blocks(layout):
            blocks.parse_ahead(pool, partial(parse_block, layout))
        names = dict.fromkeys(header[:MAX_COLUMN_NAMES])
        yield Reading(names, _chunks(records, pending, layout, text.content, blocks))


def _chunks(
    records: Records, pending: list[Row], layout: Layout, content: Content, blocks: Blocks[ParsedBlock] | None
) -> Iterator[Chunk]:
    """Take whole blocks where they could be parsed, and rows one by one elsewhere."""
    number = 1
    while True:
        while blocks is not None and not pending and records.is_between_rows and (block := blocks.take()):
            yield block.chunk(number, records.pass_over(len(block.lines.starts)))
            number += block.rows
        batch = pending or list(_batch(records, content, blocks))
        if not batch:
            return
        yield _chunk(batch, number, layout)
        number += len(batch)
        pending = []


def _batch(records: Records, content: Content, blocks: Blocks[ParsedBlock] | None) -> Iterator[Row]:
    """Read rows until they fill a chunk, or a block ends with one."""
    stop = content.consumed + MAX_CHUNK_BYTES
    for count, row in enumerate(records, 1):
        yield row
        at_end = blocks is not None and blocks.is_at_end and records.is_between_rows
        if count >= MAX_CHUNK_ROWS or content.consumed >= stop or at_end:
            return


class Records:
    """The rows of a file, each with the line in which it begins; blank lines are skipped.

    A quote that is never closed would swallow the rest of the file. So the lines of a row are remembered until the row
    is complete. If it never is, only its first line is malformed, and the other lines are read again.
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
        """Return the only iterator over the rows; it can be paused."""
        return self._rows

    @property
    def is_between_rows(self) -> bool:
        """Tell whether the next line is unread and begins a row."""
        return not self._open and not self._again

    def pass_over(self, lines: int) -> int:
        """Count lines that are read elsewhere; return the number of the first one."""
        self._done += lines
        return self._done - lines + 1

    def _all(self) -> Iterator[Row]:
        while not self._ended:
            yield from self._until_unclosed()

    def _until_unclosed(self) -> Iterator[Row]:
        lines, too_long = self._open, False
        try:
            for row in reader(self._lines(), self._delimiter):
                if self._ended:  # the parser asked for another line, but the file had ended
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
        first, *rest = self._open
        self._open.clear()
        self._again.extendleft(reversed(rest))
        self._done += 1
        self._ended = False
        long_field = f"a field is longer than {MAX_FIELD_LENGTH} characters"
        return self._done, [first.rstrip("\r\n")], long_field if too_long else "a quote opens here and never closes"


def _header(records: Records, definition: Definition) -> tuple[list[str], list[Row]]:
    """Name the fields: by the definition's header, if it has one and the file does not, else by the first line.

    Returns the first line too where it is a row.
    """
    first = next(iter(records), None)
    if first is None:
        raise UnreadableUpload("empty", "the file has only blank lines")
    names, header = [name.strip() for name in first[1]], definition.source.header
    if header and set(names) != set(header):
        return list(header), [first]
    if first[2]:
        raise UnreadableUpload("no_header", f"line {first[0]}, the header: {first[2]}")
    return names, []


def _chunk(rows: list[Row], number: int, layout: Layout) -> Chunk:
    width = len(layout.header)
    numbers = np.arange(number, number + len(rows))
    malformed = _malformed(rows, number, width)
    if malformed:
        complete = np.ones(len(rows), bool)
        complete[[row.number - number for row in malformed]] = False
        rows, numbers = list(compress(rows, complete)), numbers[complete]
    lines, fields, _ = zip(*rows, strict=True) if rows else ((), (), ())
    cells = list(zip(*fields, strict=True)) or [()] * width
    return Chunk(
        numbers=numbers,
        lines=np.array(lines, np.int64),
        columns={name: objects(cells[index]) for name, index in layout.indexes.items()},
        original=lambda row: original_row(layout.header, fields[row]),
        malformed=malformed,
    )


def _malformed(rows: list[Row], number: int, width: int) -> list[Malformed]:
    return [
        Malformed(row, line, reason or wrong_width(width, fields), fields)
        for row, (line, fields, reason) in enumerate(rows, number)
        if reason or len(fields) != width
    ]
