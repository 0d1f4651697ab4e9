"""Finds how a file is written that no definition describes yet: the keys of its `[source]`, and its columns.

A delimiter that ingest finds by itself is not named. Everything else is what a person would have to look up.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass, field
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any

from preprocessing import parse_definition, tidy_text
from preprocessing.cells import MISSING_MARKS
from preprocessing.number_values import NUMBER
from refrain.errors import UnreadableUpload
from refrain.ingest.readers.dialect import DELIMITERS, MAX_SAMPLE_ROWS, Dialect, dialect_of
from refrain.ingest.readers.encoding import Text, count_letters

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from preprocessing import Definition

MAX_PREAMBLE_LINES = 50
MIN_RECURRING = 0.5
"""Of the columns of texts, so many have the value of the first line again where that is a row."""

PROBE = "refrain probe"
"""A column that no file has, since a definition needs a feature."""

_QUOTED = re.compile(r"(?:^|[,;\t|])'[^']*'(?=[,;\t|\r\n])")
_QUOTED_LINE = re.compile(r"'[^'\r\n]*'(?:[,;\t|]'[^'\r\n]*')+[\r\n]")
_ESTIMATOR = {"name": "probe", "estimator": "sklearn.tree.DecisionTreeClassifier"}


@dataclass(frozen=True)
class FileSource:
    """How a file is written: `keys` of a definition's source, the reason of each, and the `names` of its columns."""

    keys: dict[str, Any]
    reasons: dict[str, str] = field(default_factory=dict)
    names: tuple[str, ...] = ()


def probe_definition(names: Sequence[str], source: dict[str, Any]) -> Definition:
    """Make a definition that reads columns as they are written."""
    columns: dict[str, Any] = {name: {"type": "category"} for name in names}
    document = {
        "task": "classification",
        "target": names[0],
        "source": {**source, "only_missing": []},
        "columns": {**columns, PROBE: {"type": "number"}},
        "training": {"candidates": [_ESTIMATOR]},
    }
    return parse_definition("probe", document, "the probe")


def find_source(path: Path, form: str) -> FileSource:
    """Find how a CSV or TSV file is written. Raises `UnreadableUpload`."""
    keys: dict[str, Any] = {}
    reasons: dict[str, str] = {}
    if encoding := _code_page(path):
        keys["encoding"], reasons["encoding"] = encoding, "not UTF-8; look whether its letters are right"
    with closing(Text(path, encoding)) as text:
        lines = list(io.StringIO(text.head, newline=""))
    lines = lines[:-1] if len(lines) > 1 and not text.head.endswith(("\n", "\r")) else lines
    dialect = _dialect(lines, keys, reasons, form)
    width, skip, rows = _rows(lines, dialect)
    if skip:
        keys["skip"], reasons["skip"] = skip, "lines before the header"
    names = rows[0] if rows else []
    if rows and len(rows) > 1 and len(names) == width - 1 > 0 and not any(map(NUMBER.fullmatch, names)):
        names = ["row", *names]
        keys |= {"skip": skip + 1, "header": names}
        reasons["header"] = "the line of names lacks one, for the names of the rows"
    elif rows and not has_header(rows):
        names = [f"column_{number}" for number in range(1, width + 1)]
        keys["header"], reasons["header"] = names, "the file has no line of names: choose better ones"
    if not names:
        raise UnreadableUpload("empty", "the file has no rows")
    return FileSource(keys, reasons, tuple(tidy_text(name) for name in names))


def _code_page(path: Path) -> str:
    """Name the code page of a file whose letters beyond ASCII are not UTF-8."""
    letters, foreign = count_letters(path)
    return "cp1252" if foreign > letters else ""


def _dialect(lines: list[str], keys: dict[str, Any], reasons: dict[str, str], form: str) -> Dialect:
    """Choose the signs that split the lines, and note those that ingest does not find by itself."""
    head = "".join(lines)
    if lines and lines[0].startswith("#") and any(not line.startswith("#") for line in lines):
        first = next(line for line in lines if not line.startswith("#"))
        if _width(lines[0], first, form) != _width(first, first, form):
            keys["comment"], reasons["comment"] = "#", "such lines are no rows"
    if '"' not in head and (_QUOTED_LINE.match(head) or 3 * len(_QUOTED.findall(head)) >= len(lines)):
        keys["quote"], reasons["quote"] = "'", "encloses texts"
    dialect = dialect_of(head, probe_definition([PROBE + " target"], keys), form)
    if any(map(dialect.has_escaped_quote, lines)):
        keys["escape"], reasons["escape"] = "\\", "stands before quotes inside texts"
        dialect = dialect_of(head, probe_definition([PROBE + " target"], keys), form)
    if form == "csv" and _usual_width(lines, dialect) < 2:
        spaced = Dialect(" ", dialect.quote, dialect.escape, dialect.comment, dialect.skip)
        if _usual_width(lines, spaced) > 1:
            keys["delimiter"], reasons["delimiter"] = " ", "columns stand apart by spaces"
            return spaced
    return dialect


def _width(line: str, first: str, form: str) -> int:
    delimiter = "\t" if form == "tsv" else max(DELIMITERS, key=first.count)
    return line.count(delimiter)


def _usual_width(lines: list[str], dialect: Dialect) -> int:
    """Return the number of fields of nearly all rows; 0 where they differ."""
    widths = Counter(map(len, _parsed(lines, dialect)))
    width, rows = widths.most_common(1)[0] if widths else (0, 0)
    return width if rows >= 0.9 * (widths.total() - 1) else 0


def _parsed(lines: Sequence[str], dialect: Dialect) -> list[list[str]]:
    kept = (line for line in lines if line.strip() and not (dialect.comment and line.startswith(dialect.comment)))
    rows: list[list[str]] = []
    with suppress(csv.Error):
        rows.extend(islice(dialect.reader(kept), MAX_SAMPLE_ROWS))
    return rows


def _rows(lines: list[str], dialect: Dialect) -> tuple[int, int, list[list[str]]]:
    """Return the usual number of fields, how many lines come before the table, and its rows."""
    lines = lines[dialect.skip :]
    rows = _parsed(lines, dialect)
    width = Counter(map(len, rows)).most_common(1)[0][0] if rows else 0
    for skip, line in enumerate(lines[:MAX_PREAMBLE_LINES]):
        fields = next(iter(_parsed([line], dialect)), [])
        if len(fields) == width or (len(fields) == width - 1 > 1 and skip == 0):
            return (
                width,
                skip if any(map(str.strip, lines[:skip])) and not _all_comments(lines[:skip], dialect) else 0,
                (_parsed(lines[skip:], dialect)),
            )
    return width, 0, rows


def _all_comments(lines: list[str], dialect: Dialect) -> bool:
    return bool(dialect.comment) and all(line.startswith(dialect.comment) or not line.strip() for line in lines)


def has_header(rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether the first row names the columns: it is unlike the rows below it.

    >>> has_header([["age", "city"], ["39", "Oslo"], ["41", "Rome"]])
    True
    >>> has_header([["39", "Oslo"], ["41", "Rome"], ["39", "Oslo"]])
    False
    """
    first, *rest = rows
    rest = [row for row in rest if len(row) == len(first)]
    names = [tidy_text(name) for name in first]
    if not rest:
        return True
    columns = [[tidy_text(value) for value in column] for column in zip(*rest, strict=True)]
    of_numbers = [name for name, column in zip(names, columns, strict=True) if name and _are_numbers(column)]
    if any(any(map(str.isalpha, name)) and name.casefold() not in MISSING_MARKS for name in of_numbers):
        return True
    numbers = [float(name) for name in names if NUMBER.fullmatch(name)]
    if of_numbers:  # then numbers name columns only where they count them, or years
        return len(numbers) > 2 and {after - before for before, after in pairwise(numbers)} == {1.0}
    recurring = sum(name in column for name, column in zip(names, columns, strict=True) if name)
    return recurring < MIN_RECURRING * len([name for name in names if name])


def _are_numbers(column: Sequence[str]) -> bool:
    present = [value for value in column if value]
    return bool(present) and sum(NUMBER.fullmatch(value) is not None for value in present) > 0.5 * len(present)
