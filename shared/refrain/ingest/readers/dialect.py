"""Finds the delimiter of a file by its first lines, where the definition does not name it."""

from __future__ import annotations

import csv
from collections import Counter
from typing import TYPE_CHECKING

from refrain.ingest.readers.chunks import columns_by_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from preprocessing import Definition

DELIMITERS = (",", ";", "\t", "|")
MAX_SAMPLE_ROWS = 200


def reader(lines: Iterable[str], delimiter: str) -> Iterator[list[str]]:
    """Parse lines; a field does not begin with the spaces after a delimiter, so `1, "a, b"` has two fields."""
    return csv.reader(lines, delimiter=delimiter, skipinitialspace=True)


def is_blank(row: Sequence[str]) -> bool:
    """Tell whether a line is blank, and so is not a row."""
    return len(row) < 2 and not (row and row[0].strip())


def wrong_width(width: int, row: Sequence[str]) -> str:
    """Say that a row does not have as many fields as the header; an empty text where it does."""
    return "" if len(row) == width else f"expected {width} fields, got {len(row)}"


def original_row(header: Sequence[str], fields: list[str]) -> object:
    """Return a row as it came, its fields by name where all names differ."""
    return dict(zip(header, fields, strict=True)) if len(set(header)) == len(header) else fields


def delimiter_of(head: str, definition: Definition) -> str:
    """Find the delimiter by parsing the first rows with each one.

    The delimiter that finds most columns of the definition wins (in the header, or, for files without one, as many
    fields as source.header); then the one whose rows agree best on their number of fields; then the one with most
    fields. So a decimal comma does not win over `;`.

    >>> from preprocessing import parse_definition
    >>> tree = {"name": "tree", "estimator": "sklearn.tree.DecisionTreeClassifier"}
    >>> d = parse_definition("m", {"task": "classification", "target": "y", "training": {"candidates": [tree]},
    ...     "columns": {"y": {"type": "category"}, "x": {"type": "number"}}}, "m.toml")
    >>> delimiter_of("x;y\\n1,5;a\\n2,5;b\\n", d)
    ';'
    """
    lines = head.splitlines(keepends=True)
    lines = lines[:-1] if len(lines) > 1 else lines  # the last one may be cut off
    return max(DELIMITERS, key=lambda delimiter: _votes(lines, delimiter, definition))


def _votes(lines: list[str], delimiter: str, definition: Definition) -> tuple[int, float, int]:
    rows = _sample(lines, delimiter)
    if not rows:
        return 0, 0.0, 0
    columns = columns_by_name(definition)
    matches = sum(name.strip() in columns for name in rows[0])
    header = definition.source.header
    widths = Counter(map(len, rows))
    if header:
        matches = max(matches, len(header) * (widths[len(header)] * 2 > len(rows)))
    width, agreeing = widths.most_common(1)[0]
    return matches, agreeing / len(rows) if width > 1 else 0.0, width


def _sample(lines: list[str], delimiter: str) -> list[list[str]]:
    rows = []
    try:
        for row in reader(lines, delimiter):
            if row:
                rows.append(row)
            if len(rows) == MAX_SAMPLE_ROWS:
                break
    except csv.Error:  # a field that is too long: the rows before it still vote
        pass
    return rows
