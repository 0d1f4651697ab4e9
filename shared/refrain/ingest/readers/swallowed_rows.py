"""Tells whether the lines of one row are rows themselves, which a quote that is only a letter has swallowed."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

from preprocessing import objects, prepare

if TYPE_CHECKING:
    from refrain.ingest.fast_csv.parsed_block import Layout
    from refrain.ingest.readers.dialect import Dialect


def are_rows(text: str, lines: list[str], fields: list[str], layout: Layout, *, typed: bool = True) -> bool:
    """Tell whether the lines of a row (together: its text) are rows themselves: its quote was most likely a letter.

    They are as wide as the header, their values can be used, and no space follows their delimiters, as in prose. One of
    four lines may be otherwise. Where the row itself is not as wide as the header, one such line is enough.
    """
    dialect, width = layout.dialect, len(layout.header)
    if width < 2 or not dialect.quote:
        return False
    is_wrong = len(fields) != width
    if not is_wrong and text.count(dialect.delimiter) < 2 * (width - 1):
        return False  # as most rows of several lines: at least two of them had to be as wide as the header
    tried = lines[1:] if is_wrong else [*lines[1:], lines[0]]
    tried = [line for line in tried if line.strip()]
    most_misses = len(tried) - 1 if is_wrong else len(tried) // 4
    tells_prose = dialect.delimiter != "\t" and dialect.delimiter + " " not in lines[0].partition(dialect.quote)[0]
    rows: list[list[str]] = []
    misses = 0
    for line in tried:
        row: list[str] = []
        if line.count(dialect.delimiter) >= width - 1 and not (tells_prose and _is_prose(line, dialect)):
            row = _split_alone(line, dialect)
        if len(row) == width:
            rows.append(row)
            continue
        misses += 1
        if misses > most_misses:
            return False
    if not typed:
        return True
    columns = {name: objects([row[index] for row in rows]) for name, index in layout.indexes.items()}
    _, problems = prepare(layout.definition, columns, len(rows))
    return misses + len({problem.row for problem in problems}) <= most_misses


def _is_prose(line: str, dialect: Dialect) -> bool:
    """Tell whether a space follows a delimiter outside of quotes."""
    spaced, quote = dialect.delimiter + " ", re.escape(dialect.quote)
    return spaced in line and spaced in re.sub(f"{quote}[^{quote}]*{quote}", "", line)


def _split_alone(line: str, dialect: Dialect) -> list[str]:
    """Split a line without those after it: a quote that it does not close is a letter."""
    parser = dialect.reader([line, "\n"])
    try:
        row: list[str] = next(parser)
    except csv.Error:
        return []
    return row if parser.line_num == 1 else [*row[:-1], *row[-1].rstrip("\r\n").split(dialect.delimiter)]
