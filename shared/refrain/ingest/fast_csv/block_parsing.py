"""Many lines of CSV at once: a block of bytes to rows, where `csv.reader` and Arrow surely understand it alike.

That is where each line has at least two fields, and quotes, if there are any, open behind a delimiter, close before one
and hold no line end. Of any other block nothing is made, so that it is read line by line instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from pyarrow import csv

from refrain.ingest.curated import TYPES
from refrain.ingest.fast_csv.arrow_columns import CODED, typed
from refrain.ingest.fast_csv.parsed_block import Lines, Plain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from refrain.ingest.fast_csv.parsed_block import Layout, Places

LEAST = 0.5
"""The share of good rows below which they had better be looked at one by one, some thousand at a time."""

_NEWLINE, _SPACE, _QUOTE = 10, 32, 34
_RUN = 16
"""Passes that take spaces off; what needs more is most likely no plain text."""


def may_be_plain(layout: Layout) -> bool:
    """Tell whether any line of a file can be."""
    return len(layout.header) > 1 and layout.delimiter.isascii() and layout.delimiter not in ' "\r\n'


def parse(layout: Layout, block: bytes) -> Plain | None:
    """Understand whole lines of UTF-8, or return None."""
    tight = _without_spaces(block, layout.delimiter.encode())
    if tight is None or (b"\r" in tight and tight.count(b"\r") != tight.count(b"\r\n")):
        return None
    letters = np.frombuffer(tight, np.uint8)
    ends = np.flatnonzero(letters == _NEWLINE)
    if not tight.endswith(b"\n"):
        ends = np.append(ends, len(tight))
    starts = np.concatenate([[0], ends[:-1] + 1])
    if (ends - starts).max() > layout.longest:
        return None
    quotes = np.flatnonzero(letters == _QUOTE) if b'"' in tight else np.zeros(0, np.int64)
    if len(quotes) and not _are_clean(letters, quotes, ends, ord(layout.delimiter)):
        return None
    cells = _cells(layout, tight)
    if cells is None:
        return None
    whole = np.arange(len(ends))
    if cells.num_rows < len(ends):
        whole = _whole(layout, letters, quotes)
    if len(whole) != cells.num_rows:
        return None
    arrays = {column: cells.column(str(place)).combine_chunks() for column, place in layout.found.items()}
    columns, good = typed(layout.definition, arrays, cells.num_rows)
    if good.sum() < len(good) * LEAST:
        return None
    return Plain(layout, Lines(tight, starts, ends, whole), columns, good)


def _without_spaces(block: bytes, delimiter: bytes) -> bytes | None:
    """Take off the spaces before fields, which are no part of them; beside quotes they may be."""
    if b'"' in block:
        return block
    for _ in range(_RUN):
        letters = np.frombuffer(block, np.uint8)
        before = letters[:-1][letters[1:] == _SPACE]
        begins, follows = bool((before == _NEWLINE).any()), bool((before == ord(delimiter)).any())
        if not begins and not follows:
            return block
        block = block.replace(b"\n ", b"\n") if begins else block
        block = block.replace(delimiter + b" ", delimiter) if follows else block
    return None


def _are_clean(letters: NDArray[np.uint8], quotes: Places, ends: Places, delimiter: int) -> bool:
    """Tell whether each quote is where a field begins or ends, or one of two that stand for one inside of it."""
    if len(quotes) % 2:
        return False
    opening, closing = quotes[0::2], quotes[1::2]
    doubled = closing[:-1] + 1 == opening[1:]
    padded = np.concatenate([[_NEWLINE], letters, [_NEWLINE]])
    before, behind = padded[opening], padded[closing + 2]
    opens = (before == delimiter) | (before == _NEWLINE) | np.append(False, doubled)
    closes = (behind == delimiter) | (behind == _NEWLINE) | (behind == 13) | np.append(doubled, False)
    return bool(opens.all() and closes.all() and not (np.searchsorted(quotes, ends) % 2).any())


def _cells(layout: Layout, block: bytes) -> Any:
    """Part the rows that are as wide as the header, and leave the others out."""
    kinds = {str(place): layout.definition.columns[column].kind for column, place in layout.found.items()}
    types = {place: TYPES["category"] if kind in CODED else pa.string() for place, kind in kinds.items()}
    names = list(map(str, range(len(layout.header))))
    try:
        return csv.read_csv(
            pa.BufferReader(block),
            csv.ReadOptions(use_threads=False, block_size=len(block) + 1, column_names=names),
            csv.ParseOptions(delimiter=layout.delimiter, invalid_row_handler=lambda _: "skip"),
            csv.ConvertOptions(
                include_columns=list(kinds),
                column_types=types,
                check_utf8=False,
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid:
        return None


def _whole(layout: Layout, letters: NDArray[np.uint8], quotes: Places) -> Places:
    """Find the lines that are as wide as the header."""
    marks = np.flatnonzero((letters == ord(layout.delimiter)) | (letters == _NEWLINE))
    if len(quotes):
        marks = marks[np.searchsorted(quotes, marks) % 2 == 0]
    ends = np.flatnonzero(letters[marks] == _NEWLINE)
    if letters[-1] != _NEWLINE:
        ends = np.append(ends, len(marks))
    return np.flatnonzero(np.diff(ends, prepend=-1) == len(layout.header))
