"""A JSON array of objects, read element by element, so that a file of any size needs little memory."""

from __future__ import annotations

import json
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from refrain.errors import UnreadableUpload
from refrain.ingest.formats import LONGEST_LINE
from refrain.ingest.readers import jsonlines
from refrain.ingest.readers.encoding import Text
from refrain.ingest.readers.records import Record, reading

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from preprocessing import Definition
    from refrain.ingest.readers.chunks import Reading

PIECE = 256 * 1024
"""Letters read at a time."""

_BLANK = " \t\r\n"


@contextmanager
def read_json_array(path: Path, definition: Definition, form: str) -> Iterator[Reading]:
    """Open a file; one that begins with an object is read as JSON lines, which are often given this suffix.

    Raises `UnreadableUpload`, now or from the chunks.
    """
    with closing(Text(path, definition.source.encoding, longest=0)) as text:
        start = text.head.lstrip(_BLANK)[:1]
        if start == "[":
            yield reading(form, _records(text), definition, text.content)
            return
    if start != "{":
        raise UnreadableUpload("no_array", f"expected a JSON array of objects; the file begins with {start!r}")
    with jsonlines.read_json_lines(path, definition, form) as lines:
        yield lines


def _records(text: Text) -> Iterator[Record]:
    row = 0
    try:
        for row, value in enumerate(Elements(text), 1):
            yield row, value, ""
    except UnicodeDecodeError as error:
        raise text.refuse(error, f"after element {row}") from None
    except RecursionError:
        raise UnreadableUpload("corrupt", f"element {row + 1} of the array is nested too deeply") from None


class Elements:
    """The elements of one array. Raises `UnreadableUpload` where the text is no array, or is cut off."""

    def __init__(self, text: Text) -> None:
        self._text = text.lines
        self._buffer = ""
        self._at = 0
        self._ended = False
        self._count = 0

    def __iter__(self) -> Iterator[object]:
        """Yield values; once only."""
        self._after("[")
        if self._next() == "]":
            self._at += 1
        else:
            yield self._element()
            while self._after(",]") == ",":
                self._next()
                yield self._element()
        if self._next():
            raise self._fail("something follows the end of the array")

    def _element(self) -> object:
        """Decode one element; when that fails for want of text, read more of it and try again."""
        while True:
            try:
                value, end = json.JSONDecoder().raw_decode(self._buffer, self._at)
            except json.JSONDecodeError as error:
                if self._ended or len(self._buffer) - self._at > LONGEST_LINE:
                    raise self._fail(f"not valid JSON: {error.msg}") from None
            except ValueError:  # Python reads no whole number of more than 4,300 digits
                raise self._fail("a number with too many digits") from None
            else:
                if end < len(self._buffer) or self._ended:  # else a number may go on
                    self._at = end
                    self._count += 1
                    return value
            self._more(len(self._buffer) - self._at)

    def _next(self) -> str:
        """Skip blanks; the letter there, or nothing at the end."""
        while True:
            while self._at < len(self._buffer) and self._buffer[self._at] in _BLANK:
                self._at += 1
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if self._ended:
                return ""
            self._more(0)

    def _after(self, expected: str) -> str:
        letter = self._next()
        if not letter or letter not in expected:
            wanted = " or ".join(repr(each) for each in expected)
            raise self._fail(f"expected {wanted}, got {letter!r}" if letter else "the array is cut off")
        self._at += 1
        return letter

    def _more(self, wanted: int) -> None:
        piece = self._text.read(max(PIECE, wanted))
        self._ended = not piece
        self._buffer = self._buffer[self._at :] + piece
        self._at = 0

    def _fail(self, what: str) -> UnreadableUpload:
        return UnreadableUpload("corrupt", f"after element {self._count} of the array: {what}")
