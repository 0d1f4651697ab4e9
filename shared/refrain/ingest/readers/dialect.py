"""How the lines of a text file are split into fields, and the delimiter where the definition does not name it."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from preprocessing import tidy_text
from refrain.ingest.readers.chunks import columns_by_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from preprocessing import Definition

DELIMITERS = (",", ";", "\t", "|")
MAX_SAMPLE_ROWS = 200
EMPTY_LINE = "an empty line: no field has a value"

_SEPARATOR = re.compile(r'\ufeff*"?sep=(.)"?\s*', re.IGNORECASE)


@dataclass(frozen=True)
class Dialect:
    """How lines are split; an empty `quote` makes quotes ordinary letters. `skip` lines come before the header."""

    delimiter: str
    quote: str = '"'
    escape: str = ""
    comment: str = ""
    skip: int = 0

    @property
    def is_plain(self) -> bool:
        """Tell whether only the delimiter may differ from the usual."""
        return self.quote == '"' and not self.escape and not self.comment

    def reader(self, lines: Iterable[str]) -> Any:
        """Parse lines; a field does not begin with the spaces after a delimiter, so `1, "a, b"` has two fields.

        >>> list(Dialect(",", escape="\\\\").reader(['C:\\\\temp,"say \\\\"hi\\\\""']))
        [['C:\\\\temp', 'say "hi"']]
        """
        return csv.reader(
            self._escaped(lines) if self.escape else lines,
            delimiter=self.delimiter,
            quotechar=self.quote or None,
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            escapechar=self.escape or None,
            skipinitialspace=True,
        )

    def has_escaped_quote(self, text: str) -> bool:
        """Tell whether a quoted field has a quote behind a backslash and goes on, though backslashes are letters here.

        >>> texts = ('1,"say /"hi/""', '1,"C:/",2', '5/" pipe')
        >>> [Dialect(",").has_escaped_quote(text.replace("/", chr(92))) for text in texts]
        [True, False, False]
        """
        if not self.quote or self.escape or "\\" + self.quote not in text:
            return False
        quote, delimiter = re.escape(self.quote), re.escape(self.delimiter)
        pattern = rf"(?:^|{delimiter}) *{quote}[^{quote}]*\\{quote}[^{quote}{delimiter}\r\n]"
        return re.search(pattern, text) is not None

    def _escaped(self, lines: Iterable[str]) -> Iterator[str]:
        """Double the escapes before ordinary letters, so that they stay letters themselves."""
        special = re.escape(self.quote + self.escape + self.delimiter)
        pattern = re.compile(f"{re.escape(self.escape)}([{special}\r\n]?)")
        for line in lines:
            yield pattern.sub(lambda match: match[0] if match[1] else self.escape * 2, line)


def is_blank(row: Sequence[str]) -> bool:
    """Tell whether a line is blank, and so is not a row."""
    return len(row) < 2 and not (row and row[0].strip())


def wrong_width(width: int, row: Sequence[str]) -> str:
    """Say that a row does not have as many fields as the header; an empty text where it does."""
    if len(row) == width:
        return ""
    return f"expected {width} fields, got {len(row)}" if any(map(str.strip, row)) else EMPTY_LINE


def original_row(header: Sequence[str], fields: list[str]) -> object:
    """Return a row as it came, its fields by name where all names differ."""
    return dict(zip(header, fields, strict=True)) if len(set(header)) == len(header) else fields


def dialect_of(head: str, definition: Definition, form: str) -> Dialect:
    """Find how a file is split, by its format, its definition, a line such as `sep=;`, or its first rows.

    >>> from preprocessing import parse_definition
    >>> tree = {"name": "tree", "estimator": "sklearn.tree.DecisionTreeClassifier"}
    >>> d = parse_definition("m", {"task": "classification", "target": "y", "training": {"candidates": [tree]},
    ...     "columns": {"y": {"type": "category"}, "x": {"type": "number"}}}, "m.toml")
    >>> dialect_of("x;y\\n1,5;a\\n2,5;b\\n", d, "csv").delimiter, dialect_of("sep=|\\nx|y\\n", d, "csv").skip
    (';', 1)
    """
    source = definition.source
    usual = "\t" if form == "tsv" else ","
    dialect = Dialect(source.delimiter or usual, source.quote, source.escape, source.comment, source.skip)
    lines = list(islice(io.StringIO(head, newline=""), source.skip, None))
    separator = _SEPARATOR.fullmatch(lines[0]) if lines else None
    if separator:
        return replace(dialect, delimiter=source.delimiter or separator[1], skip=source.skip + 1)
    if source.delimiter or form == "tsv":
        return dialect
    lines = [line for line in lines if not source.comment or not line.startswith(source.comment)]
    lines = lines[:-1] if len(lines) > 1 else lines  # the last one may be cut off
    return max(
        (replace(dialect, delimiter=delimiter) for delimiter in DELIMITERS),
        key=lambda dialect: _votes(lines, dialect, definition),
    )


def _votes(lines: list[str], dialect: Dialect, definition: Definition) -> tuple[int, float, bool, int]:
    """Rank a delimiter by how well it fits.

    The delimiter that finds most columns of the definition wins (in the header, or, for files without one, as many
    fields as source.header); then the one whose rows agree best on their number of fields; then one that is no decimal
    sign; then the one with most fields. So a decimal comma does not win over `;`.
    """
    rows = _sample(lines, dialect)
    if not rows:
        return 0, 0.0, False, 0
    columns = columns_by_name(definition)
    matches = sum(tidy_text(name) in columns for name in rows[0])
    header = definition.source.header
    widths = Counter(map(len, rows))
    if header:
        matches = max(matches, len(header) * (widths[len(header)] * 2 > len(rows)))
    width, agreeing = widths.most_common(1)[0]
    agreement = agreeing / len(rows) if width > 1 else 0.0
    return matches, agreement, dialect.delimiter != definition.source.decimal, width


def _sample(lines: list[str], dialect: Dialect) -> list[list[str]]:
    rows = []
    try:
        for row in dialect.reader(lines):
            if row:
                rows.append(row)
            if len(rows) == MAX_SAMPLE_ROWS:
                break
    except csv.Error:  # a field that is too long: the rows before it still vote
        pass
    return rows
