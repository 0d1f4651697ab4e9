"""The rows of a text file, read line by line, in time that is linear in the size of the file.

A quote that is never closed would swallow the rest of the file, and one that is only a letter the rows up to the next
such letter. So the lines of a row are remembered until it is complete. If it never is, or if its lines are rows
themselves, only the first of them is malformed, and the others are read again.

Reading again has a price: a row that spans many lines may have as many characters as there is `credit`, which it uses
up if its lines are read again, and which grows with what was read for good.
"""

from __future__ import annotations

import csv
from collections import deque
from typing import TYPE_CHECKING

from refrain.errors import UnreadableUpload
from refrain.ingest.readers.dialect import is_blank
from refrain.ingest.readers.swallowed_rows import are_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refrain.ingest.fast_csv.parsed_block import Layout
    from refrain.ingest.readers.dialect import Dialect
    from refrain.ingest.readers.encoding import Text

MAX_CREDIT = 4 * 1024 * 1024
"""Characters of a row that spans lines, and of lines that are read again before the credit has to grow."""

CREDIT_GROWTH = 4
"""Characters of credit for each character that was read for good."""

MIN_ROW_LINES = 8
"""Lines that a row may span without credit."""

MAX_TYPED_ROWS = 100
"""After so many rows that swallowed others, the width of lines is proof enough."""

MAX_BLANK_LINES = 1_000_000
"""Blank lines without a row between them."""

NEVER_CLOSED = "a quote opens here and never closes"
SWALLOWED_ROWS = (
    "a quote opens here, and the lines up to the next quote are rows themselves"
    ' (where quotes are letters, set source.quote = "" in the definition)'
)

ESCAPED_QUOTE = (
    "a quoted field goes on behind a backslash and a quote"
    " (where backslashes escape quotes, set source.escape = '\\' in the definition)"
)

Row = tuple[int, list[str], str]
"""The line in which it begins, its fields, and why it is malformed (empty when it is not)."""


class RowTooLong(Exception):
    """A row spans more lines than the credit allows."""


class Records:
    """The rows of a file, each with the line in which it begins; blank lines and comments are skipped.

    Once the `layout` is known, so are lines that repeat the header; the counts are for the receipt.
    """

    def __init__(self, text: Text, dialect: Dialect, lines: Iterator[str]) -> None:
        self.layout: Layout | None = None
        self.repeated_headers = 0
        self.spanning_rows = 0
        self.first_spanning_line = 0
        self._text = text
        self._unread = lines
        self._dialect = dialect
        self._open: list[str] = []  # the lines of the row that is being read
        self._again: deque[str] = deque()  # lines to be read once more
        self._done = 0  # lines before the open ones
        self._swallowed = 0  # rows whose lines were rows themselves
        self._blank = 0  # blank lines since the last row
        self._credit = MAX_CREDIT
        self._ended = False
        self._rows = self._all()
        for _ in range(dialect.skip):
            self._done += next(self._unread, None) is not None

    def __iter__(self) -> Iterator[Row]:
        """Return the only iterator over the rows; it can be paused."""
        return self._rows

    @property
    def is_between_rows(self) -> bool:
        """Tell whether the next line is unread and begins a row."""
        return not self._open and not self._again

    def pass_over(self, lines: int, rows: int) -> int:
        """Count lines and rows that are read elsewhere; return the number of the first line."""
        self._count_blank(0 if rows else lines, rows)
        self._done += lines
        return self._done - lines + 1

    def _all(self) -> Iterator[Row]:
        while not self._ended:
            yield from self._until_unclosed()

    def _until_unclosed(self) -> Iterator[Row]:
        lines, reason = self._open, NEVER_CLOSED
        try:
            for fields in self._dialect.reader(self._lines()):
                if self._ended:  # the parser asked for another line, but the file had ended
                    break
                row = self._complete(fields)
                if row:
                    yield row
        except RowTooLong:
            pass
        except csv.Error:
            if len(lines) == 1:
                reason = f"a field is longer than {csv.field_size_limit()} characters"
        except UnicodeDecodeError as error:
            raise self._text.refuse_line(error, self._done + len(lines) + 1) from None
        if lines:
            yield self._read_again(reason)

    def _lines(self) -> Iterator[str]:
        comment, lines, again, length = self._dialect.comment, self._open, self._again, 0
        while True:
            if not lines:
                length = 0
            elif length > self._credit and len(lines) >= MIN_ROW_LINES:
                raise RowTooLong
            line = again.popleft() if again else next(self._unread, None)
            if line is None:
                break
            if comment and not lines and line.startswith(comment):
                self._done += 1
                continue
            lines.append(line)
            length += len(line)
            yield line
        self._ended = True

    def _complete(self, fields: list[str]) -> Row | None:
        """Return the row of the open lines; None where they are blank or the header again."""
        lines, layout, line = self._open, self.layout, self._done + 1
        text, count = "".join(lines), len(lines)
        if count > 1 and layout and are_rows(text, lines, fields, layout, typed=self._swallowed < MAX_TYPED_ROWS):
            self._swallowed += 1
            return self._read_again(SWALLOWED_ROWS)
        if self._credit < MAX_CREDIT:
            self._credit = min(MAX_CREDIT, self._credit + CREDIT_GROWTH * len(text))
        self._done += count
        lines.clear()
        if len(fields) < 2 and is_blank(fields):
            self._count_blank(1, 0)
            return None
        self._blank = 0
        if layout and layout.is_header(fields):
            self.repeated_headers += 1
            return None
        if count > 1:
            self.spanning_rows += 1
            self.first_spanning_line = self.first_spanning_line or line
        defect = "" if text.isascii() and "\0" not in text else self._text.defect(text, f"line {line}")
        if not defect and "\\" in text and self._dialect.has_escaped_quote(text):
            defect = ESCAPED_QUOTE
        return (line, [text.rstrip("\r\n")], defect) if defect else (line, fields, "")

    def _count_blank(self, lines: int, rows: int) -> None:
        self._blank = 0 if rows else self._blank + lines
        if self._blank > MAX_BLANK_LINES:
            raise too_many_blank_lines()

    def _read_again(self, reason: str) -> Row:
        """Give up the row of the open lines: the first one is malformed, the others are read again."""
        first, *rest = self._open
        self._credit -= sum(map(len, self._open))
        self._open.clear()
        self._again.extendleft(reversed(rest))
        self._done += 1
        self._blank = 0
        self._ended = False
        defect = self._text.defect(first, f"line {self._done}")
        return self._done, [first.rstrip("\r\n")], defect or reason


def too_many_blank_lines() -> UnreadableUpload:
    """Make the refusal of a file that is mostly blank."""
    return UnreadableUpload(
        "blank_lines", f"more than {MAX_BLANK_LINES:,} blank lines follow one another, so this is not a table"
    )
