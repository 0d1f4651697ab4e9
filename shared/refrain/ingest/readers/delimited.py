"""Reads CSV and TSV: a stream of lines becomes chunks of columns, whole blocks of lines at once where possible."""

from __future__ import annotations

import csv
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from itertools import compress
from typing import TYPE_CHECKING

import numpy as np

from preprocessing import objects, tidy_text
from refrain.errors import UnreadableUpload
from refrain.ingest.fast_csv.arrow_cells import CellReader
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
from refrain.ingest.readers.dialect import dialect_of, original_row, wrong_width
from refrain.ingest.readers.encoding import Text
from refrain.ingest.readers.line_records import Records, Row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from preprocessing import Definition
    from refrain.ingest.formats import Content

PARSERS = 2
"""Threads that parse blocks, beside the one that writes them; Arrow works without Python's lock."""

MAX_FIELD_LENGTH = 1024 * 1024
"""Characters. A longer field is most likely a quote that was never closed."""


@contextmanager
def read_delimited(path: Path, definition: Definition, form: str) -> Iterator[Reading]:
    """Open a file. Raises `UnreadableUpload`, now or from the chunks."""
    csv.field_size_limit(MAX_FIELD_LENGTH)
    with closing(Text(path, definition.source.encoding)) as text, ThreadPoolExecutor(PARSERS) as pool:
        dialect = dialect_of(text.head, definition, form)
        blocks = Blocks[ParsedBlock](text) if has_blocks(text) else None
        records = Records(text, dialect, text.lines if blocks is None else blocks.lines())
        header, pending = _header(records, text, definition)
        layout = Layout(definition, dialect, header, column_indexes(definition, header), MAX_FIELD_LENGTH)
        records.layout = layout
        if blocks is not None and can_parse_blocks(layout):
            blocks.parse_ahead(pool, partial(parse_block, layout, CellReader(layout)))
        names = dict.fromkeys(header[:MAX_COLUMN_NAMES])
        reading = Reading(names, iter(()))
        reading.chunks = _chunks(records, pending, layout, text, blocks, reading.notes)
        yield reading


def _chunks(
    records: Records,
    pending: list[Row],
    layout: Layout,
    text: Text,
    blocks: Blocks[ParsedBlock] | None,
    notes: list[str],
) -> Iterator[Chunk]:
    """Take whole blocks where they could be parsed, and rows one by one elsewhere."""
    number = 1
    while True:
        while blocks is not None and not pending and records.is_between_rows and (block := blocks.take()):
            yield block.chunk(number, records.pass_over(len(block.lines.starts), block.rows))
            number += block.rows
        batch = pending or list(_batch(records, text.content, blocks))
        if not batch:
            break
        yield _chunk(batch, number, layout)
        number += len(batch)
        pending = []
    text.check(number - 1)
    notes.extend(_notes(records))


def _notes(records: Records) -> Iterator[str]:
    if records.repeated_headers:
        yield f"{records.repeated_headers} line(s) that repeat the header are no rows"
    if records.spanning_rows:
        yield f"{records.spanning_rows} row(s) span several lines, first in line {records.first_spanning_line}"


def _batch(records: Records, content: Content, blocks: Blocks[ParsedBlock] | None) -> Iterator[Row]:
    """Read rows until they fill a chunk, or a block ends with one."""
    stop = content.consumed + MAX_CHUNK_BYTES
    for count, row in enumerate(records, 1):
        yield row
        at_end = blocks is not None and blocks.is_at_end and records.is_between_rows
        if count >= MAX_CHUNK_ROWS or content.consumed >= stop or at_end:
            return


def _header(records: Records, text: Text, definition: Definition) -> tuple[list[str], list[Row]]:
    """Name the fields: by the definition's header, if it has one and the file does not, else by the first line.

    Returns the first line too where it is a row.
    """
    first = next(iter(records), None)
    if first is None:
        raise UnreadableUpload("empty", "the file has only blank lines")
    line, fields, reason = first
    names, header = [tidy_text(name) for name in fields], definition.source.header
    if header and set(names) != set(header):
        return list(header), [first]
    if text.defect(fields[0], f"line {line}"):
        raise text.refuse(f"line {line}: {reason}")
    if reason:
        raise UnreadableUpload("no_header", f"line {line}, the header: {reason}")
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
