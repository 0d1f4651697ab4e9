"""Parses a block of CSV lines at once, where `csv.reader` and Arrow certainly agree on it.

They agree where each line has at least two fields, and where each quote opens after a delimiter, closes before one and
holds no line end. Any other block is not parsed here, but read line by line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from refrain.ingest.fast_csv.arrow_columns import typed_columns
from refrain.ingest.fast_csv.parsed_block import Lines, ParsedBlock

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from refrain.ingest.fast_csv.arrow_cells import CellReader
    from refrain.ingest.fast_csv.parsed_block import Indexes, Layout

MIN_USABLE_SHARE = 0.5
"""With fewer usable rows, reading them one by one, some thousand at a time, is faster."""

_NEWLINE, _QUOTE = 10, 34


def can_parse_blocks(layout: Layout) -> bool:
    """Tell whether the blocks of a file with this layout can be parsed here at all."""
    delimiter = layout.dialect.delimiter
    return len(layout.header) > 1 and layout.dialect.is_plain and delimiter.isascii() and delimiter not in ' "\r\n'


def parse_block(layout: Layout, reader: CellReader, block: bytes) -> ParsedBlock | None:
    """Parse whole lines of UTF-8, or return None."""
    if b"\r" in block and block.count(b"\r") != block.count(b"\r\n"):
        return None
    characters = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero(characters == _NEWLINE)
    if not block.endswith(b"\n"):
        ends = np.append(ends, len(block))
    starts = np.concatenate([[0], ends[:-1] + 1])
    if (ends - starts).max() > layout.max_field:
        return None
    quotes = np.flatnonzero(characters == _QUOTE) if b'"' in block else np.zeros(0, np.int64)
    if len(quotes) and not _are_clean(characters, quotes, ends, ord(layout.dialect.delimiter)):
        return None
    cells = reader.read(block)
    if cells is None:
        return None
    rows = len(next(iter(cells.values())))
    complete = np.arange(len(ends)) if rows == len(ends) else _complete_lines(layout, characters, quotes)
    if rows != len(complete):
        return None
    typed = typed_columns(layout.definition, cells, rows)
    reader.take_as_texts(typed.unplain)
    if typed.usable.sum() < rows * MIN_USABLE_SHARE:
        return None
    return ParsedBlock(layout, Lines(block, starts, ends, complete), typed.arrays, typed.usable)


def _are_clean(characters: NDArray[np.uint8], quotes: Indexes, ends: Indexes, delimiter: int) -> bool:
    """Tell whether each quote begins or ends a field, or is one of two that stand for a quote inside it."""
    if len(quotes) % 2:
        return False
    opening, closing = quotes[0::2], quotes[1::2]
    doubled = closing[:-1] + 1 == opening[1:]
    padded = np.concatenate([[_NEWLINE], characters, [_NEWLINE]])
    before, after = padded[opening], padded[closing + 2]
    opens = (before == delimiter) | (before == _NEWLINE) | np.append(False, doubled)
    closes = (after == delimiter) | (after == _NEWLINE) | (after == 13) | np.append(doubled, False)
    return bool(opens.all() and closes.all() and not (np.searchsorted(quotes, ends) % 2).any())


def _complete_lines(layout: Layout, characters: NDArray[np.uint8], quotes: Indexes) -> Indexes:
    """Find the lines that have as many fields as the header."""
    marks = np.flatnonzero((characters == ord(layout.dialect.delimiter)) | (characters == _NEWLINE))
    if len(quotes):
        marks = marks[np.searchsorted(quotes, marks) % 2 == 0]
    ends = np.flatnonzero(characters[marks] == _NEWLINE)
    if characters[-1] != _NEWLINE:
        ends = np.append(ends, len(marks))
    return np.flatnonzero(np.diff(ends, prepend=-1) == len(layout.header))
