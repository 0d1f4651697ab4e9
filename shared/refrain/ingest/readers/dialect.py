"""Which letter separates the fields of a file: the definition says so, or the first lines are asked."""

from __future__ import annotations

import csv
from collections import Counter
from typing import TYPE_CHECKING

from refrain.ingest.readers.chunks import sources

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from preprocessing import Definition

CANDIDATES = (",", ";", "\t", "|")
SAMPLE = 200
"""Rows that vote."""


def reader(lines: Iterable[str], delimiter: str) -> Iterator[list[str]]:
    """Parse lines; spaces after a delimiter are no part of a field, so that `1, "a, b"` has two."""
    return csv.reader(lines, delimiter=delimiter, skipinitialspace=True)


def is_blank(row: Sequence[str]) -> bool:
    """Tell whether a line holds nothing, and so is no row."""
    return len(row) < 2 and not (row and row[0].strip())


def wrong_width(width: int, row: Sequence[str]) -> str:
    """Say what is wrong with a row that is not as wide as the header; nothing, where it is."""
    return "" if len(row) == width else f"expected {width} fields, got {len(row)}"


def named(header: Sequence[str], fields: list[str]) -> object:
    """Write a row as it came, its fields by name where the names tell them apart."""
    return dict(zip(header, fields, strict=True)) if len(set(header)) == len(header) else fields


def delimiter_of(head: str, definition: Definition) -> str:
    """Find the delimiter out.

    For each candidate the first rows are parsed. The one that finds most columns of the definition wins (in the header,
    or, for files without one, as many fields as source.header); then the one whose rows agree best on their number of
    fields; then the one with most fields. So a decimal comma does not win over `;`.

    >>> from preprocessing import parse_definition
    >>> tree = {"name": "tree", "estimator": "sklearn.tree.DecisionTreeClassifier"}
    >>> d = parse_definition("m", {"task": "classification", "target": "y", "training": {"candidates": [tree]},
    ...     "columns": {"y": {"type": "category"}, "x": {"type": "number"}}}, "m.toml")
    >>> delimiter_of("x;y\\n1,5;a\\n2,5;b\\n", d)
    ';'
    """
    lines = head.splitlines(keepends=True)
    lines = lines[:-1] if len(lines) > 1 else lines  # the last one may be cut off
    return max(CANDIDATES, key=lambda delimiter: _votes(lines, delimiter, definition))


def _votes(lines: list[str], delimiter: str, definition: Definition) -> tuple[int, float, int]:
    rows = _sample(lines, delimiter)
    if not rows:
        return 0, 0.0, 0
    known = sources(definition)
    named = sum(name.strip() in known for name in rows[0])
    header = definition.source.header
    widths = Counter(map(len, rows))
    if header:
        named = max(named, len(header) * (widths[len(header)] * 2 > len(rows)))
    width, agreeing = widths.most_common(1)[0]
    return named, agreeing / len(rows) if width > 1 else 0.0, width


def _sample(lines: list[str], delimiter: str) -> list[list[str]]:
    rows = []
    try:
        for row in reader(lines, delimiter):
            if row:
                rows.append(row)
            if len(rows) == SAMPLE:
                break
    except csv.Error:  # a field beyond all bounds: what was read before it may vote
        pass
    return rows
