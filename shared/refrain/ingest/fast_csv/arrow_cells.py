"""Splits a block of lines into its columns, with Arrow's CSV reader.

Arrow leaves the spaces after delimiters in the cells. That makes no difference: outer spaces are part of no value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from pyarrow import csv

from preprocessing import tidy_text
from preprocessing.number_values import MAX_NUMBER_LENGTH
from refrain.ingest.curated import TYPES
from refrain.ingest.fast_csv.arrow_columns import DICTIONARY_KINDS
from refrain.ingest.fast_csv.arrow_parsers import are_plain

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from preprocessing import Column
    from refrain.ingest.fast_csv.parsed_block import Layout


class CellReader:
    """Splits the blocks of one file.

    Arrow reads a column of numbers while it splits lines, until a block has a cell there that is no plain number. From
    then on the column comes as texts.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._columns = layout.definition.columns
        self._plain = frozenset(name for name in layout.indexes if _is_readable(layout, name))
        self._nulls = _nulls([self._columns[name] for name in self._plain])

    def read(self, block: bytes) -> dict[str, Any] | None:
        """Split the rows that have as many fields as the header, and leave all others out.

        Columns of `DICTIONARY_KINDS` come as dictionaries of texts, those of plain numbers as numbers, all others as
        texts. Returns None for a block that may hold the header again or that Arrow cannot split.
        """
        plain = frozenset() if _has_long_field(block, self._layout.dialect.delimiter) else self._plain
        cells = self._split(block, plain)
        if plain and not (cells and all(are_plain(cells[name], self._columns[name]) for name in plain)):
            cells = self._split(block, frozenset())
        return None if cells is None or self._has_header(cells) else cells

    def take_as_texts(self, names: Collection[str]) -> None:
        """Take columns as texts from now on."""
        self._plain -= frozenset(names)

    def _split(self, block: bytes, plain: Collection[str]) -> dict[str, Any] | None:
        layout = self._layout
        types = {str(index): self._cell_type(name, plain) for name, index in layout.indexes.items()}
        try:
            table = csv.read_csv(
                pa.BufferReader(block),
                csv.ReadOptions(
                    use_threads=False, block_size=len(block) + 1, column_names=list(map(str, range(len(layout.header))))
                ),
                csv.ParseOptions(delimiter=layout.dialect.delimiter, invalid_row_handler=lambda _: "skip"),
                csv.ConvertOptions(
                    include_columns=list(types),
                    column_types=types,
                    check_utf8=False,
                    strings_can_be_null=False,
                    null_values=self._nulls,
                    decimal_point=layout.definition.source.decimal,
                ),
            )
        except pa.ArrowInvalid:
            return None
        return {name: table.column(str(index)).combine_chunks() for name, index in layout.indexes.items()}

    def _cell_type(self, name: str, plain: Collection[str]) -> Any:
        if name in self._columns and self._columns[name].kind in DICTIONARY_KINDS:
            return TYPES["category"]
        return TYPES["number"] if name in plain else pa.string()

    def _has_header(self, cells: Mapping[str, Any]) -> bool:
        """Tell whether a line may repeat the header: a column of few texts holds its own name."""
        if any(pa.types.is_floating(array.type) for array in cells.values()):
            return False
        texts = {name: getattr(array, "dictionary", array) for name, array in cells.items()}
        column = min(texts, key=lambda name: len(texts[name]))
        name = self._layout.header[self._layout.indexes[column]]
        return any(tidy_text(text) == name for text in texts[column].to_pylist())


def _is_readable(layout: Layout, name: str) -> bool:
    """Tell whether Arrow may read a column: one of numbers that is no part of a time, whose texts are joined.

    If the header is repeated, the column's name in it must not be read as a value.
    """
    definition = layout.definition
    column = definition.columns.get(name)
    if column is None or column.kind != "number" or column.numbers.decimal != definition.source.decimal:
        return False
    if any(name in parts for parts in definition.parts.values()):
        return False
    title = layout.header[layout.indexes[name]]
    return title[:1].isalpha() and title.casefold() not in column.marks.texts


def _nulls(columns: list[Column]) -> list[str]:
    """List common spellings of what means missing in all these columns; others are no plain numbers."""
    marks = frozenset.intersection(*(column.marks.texts for column in columns)) if columns else frozenset()
    return [space + text for mark in marks for text in {mark, mark.upper(), mark.capitalize()} for space in ("", " ")]


def _has_long_field(block: bytes, delimiter: str) -> bool:
    """Tell whether a field may be longer than a number: if so, it has all of one of these pieces."""
    size = MAX_NUMBER_LENGTH // 2
    pieces = np.frombuffer(block, np.uint8)[: len(block) // size * size].reshape(-1, size)
    return not bool((pieces == ord(delimiter)).any(axis=1).all())
