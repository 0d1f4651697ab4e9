"""Parses a block of CSV lines at once, where `csv.reader` and Arrow certainly agree on it.

They agree where each line has at least two fields, and where each quote opens after a delimiter, closes before one and
holds no line end. Any other block is not parsed here, but read line by line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from refrain.ingest.curated import TYPES
from refrain.ingest.fast_csv.arrow_columns import DICTIONARY_KINDS, typed_columns
from refrain.ingest.fast_csv.parsed_block import Lines, ParsedBlock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from refrain.ingest.fast_csv.parsed_block import Indexes, Layout

MIN_USABLE_SHARE = 0.5
"""With fewer usable rows, reading them one by one, some thousand at a time, is faster."""

_NEWLINE, _SPACE, _QUOTE = 10, 32, 34
_MAX_PASSES = 16
"""Passes that remove spaces; a block that needs more is most likely not plain text."""


def can_parse_blocks(layout: Layout) -> bool:
    """Tell whether the blocks of a file with this layout can be parsed here at all."""
    delimiter = layout.dialect.delimiter
    return len(layout.header) > 1 and layout.dialect.is_plain and delimiter.isascii() and delimiter not in ' "\r\n'


def parse_block(layout: Layout, block: bytes) -> ParsedBlock | None:
    """Parse whole lines of UTF-8, or return None."""
    tight = _without_spaces(block, layout.dialect.delimiter.encode())
    if tight is None or (b"\r" in tight and tight.count(b"\r") != tight.count(b"\r\n")):
        return None
    characters = np.frombuffer(tight, np.uint8)
    ends = np.flatnonzero(characters == _NEWLINE)
    if not tight.endswith(b"\n"):
        ends = np.append(ends, len(tight))
    starts = np.concatenate([[0], ends[:-1] + 1])
    if (ends - starts).max() > layout.max_field:
        return None
    quotes = np.flatnonzero(characters == _QUOTE) if b'"' in tight else np.zeros(0, np.int64)
    if len(quotes) and not _are_clean(characters, quotes, ends, ord(layout.dialect.delimiter)):
        return None
    cells = _cells(layout, tight)
    if cells is None:
        return None
    complete = np.arange(len(ends))
    if cells.num_rows < len(ends):
        complete = _complete_lines(layout, characters, quotes)
    if len(complete) != cells.num_rows:
        return None
    arrays = {column: cells.column(str(index)).combine_chunks() for column, index in layout.indexes.items()}
    if _has_header(layout, arrays):
        return None
    columns, usable = typed_columns(layout.definition, arrays, cells.num_rows)
    if usable.sum() < len(usable) * MIN_USABLE_SHARE:
        return None
    return ParsedBlock(layout, Lines(tight, starts, ends, complete), columns, usable)


def _without_spaces(block: bytes, delimiter: bytes) -> bytes | None:
    """Remove the spaces before fields; return a block with quotes as it is, since its spaces may be part of a field."""
    if b'"' in block:
        return block
    for _ in range(_MAX_PASSES):
        characters = np.frombuffer(block, np.uint8)
        before = characters[:-1][characters[1:] == _SPACE]
        after_newline, after_delimiter = bool((before == _NEWLINE).any()), bool((before == ord(delimiter)).any())
        if not after_newline and not after_delimiter:
            return block
        block = block.replace(b"\n ", b"\n") if after_newline else block
        block = block.replace(delimiter + b" ", delimiter) if after_delimiter else block
    return None


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


def _cells(layout: Layout, block: bytes) -> Any:
    """Split the rows that have as many fields as the header; leave all others out."""
    columns = layout.definition.columns
    kinds = {str(index): columns[name].kind if name in columns else "" for name, index in layout.indexes.items()}
    types = {index: TYPES["category"] if kind in DICTIONARY_KINDS else pa.string() for index, kind in kinds.items()}
    names = list(map(str, range(len(layout.header))))
    try:
        return csv.read_csv(
            pa.BufferReader(block),
            csv.ReadOptions(use_threads=False, block_size=len(block) + 1, column_names=names),
            csv.ParseOptions(delimiter=layout.dialect.delimiter, invalid_row_handler=lambda _: "skip"),
            csv.ConvertOptions(
                include_columns=list(kinds), column_types=types, check_utf8=False, strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        return None


def _has_header(layout: Layout, arrays: Mapping[str, Any]) -> bool:
    """Tell whether a line may repeat the header: one column holds its own name."""
    column, index = next(iter(layout.indexes.items()))
    cells = arrays[column]
    texts = cells.dictionary if pa.types.is_dictionary(cells.type) else cells
    name = pc.equal(pc.utf8_trim_whitespace(texts), layout.header[index])
    return bool(pc.any(name).as_py())


def _complete_lines(layout: Layout, characters: NDArray[np.uint8], quotes: Indexes) -> Indexes:
    """Find the lines that have as many fields as the header."""
    marks = np.flatnonzero((characters == ord(layout.dialect.delimiter)) | (characters == _NEWLINE))
    if len(quotes):
        marks = marks[np.searchsorted(quotes, marks) % 2 == 0]
    ends = np.flatnonzero(characters[marks] == _NEWLINE)
    if characters[-1] != _NEWLINE:
        ends = np.append(ends, len(marks))
    return np.flatnonzero(np.diff(ends, prepend=-1) == len(layout.header))
