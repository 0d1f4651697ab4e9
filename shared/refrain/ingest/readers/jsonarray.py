"""Reads a JSON array of objects element by element, so that a file of any size needs little memory."""

from __future__ import annotations

import json
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from refrain.errors import UnreadableUpload
from refrain.ingest.formats import MAX_LINE_BYTES
from refrain.ingest.readers import jsonlines
from refrain.ingest.readers.encoding import Text
from refrain.ingest.readers.records import Record, reading

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from preprocessing import Definition
    from refrain.ingest.readers.chunks import Reading

PIECE = 256 * 1024
"""Characters read at a time."""

_BLANK = " \t\r\n"


@contextmanager
def read_json_array(path: Path, definition: Definition, form: str) -> Iterator[Reading]:
    """Open a file; one that begins with an object is read as JSON lines, which often have this suffix.

    Raises `UnreadableUpload`, now or from the chunks.
    """
    with closing(Text(path, definition.source.encoding, max_line=0)) as text:
        start = text.head.lstrip(_BLANK)[:1]
        if start == "[":
            yield reading(_records(text), definition, text.content)
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
    """The elements of one array. Raises `UnreadableUpload` where the text is not an array, or is cut off."""

    def __init__(self, text: Text) -> None:
        self._text = text.lines
        self._buffer = ""
        self._index = 0  # of the next character in the buffer
        self._ended = False
        self._count = 0

    def __iter__(self) -> Iterator[object]:
        """Yield values; once only."""
        self._after("[")
        if self._next() == "]":
            self._index += 1
        else:
            yield self._element()
            while self._after(",]") == ",":
                self._next()
                yield self._element()
        if self._next():
            raise self._fail("the file goes on after the end of the array")

    def _element(self) -> object:
        """Decode one element; when the text ends too early, read more of it and try again."""
        while True:
            try:
                value, end = json.JSONDecoder().raw_decode(self._buffer, self._index)
            except json.JSONDecodeError as error:
                if self._ended or len(self._buffer) - self._index > MAX_LINE_BYTES:
                    raise self._fail(f"not valid JSON: {error.msg}") from None
            except ValueError:  # Python refuses whole numbers of more than 4,300 digits
                raise self._fail("a number with too many digits") from None
            else:
                if end < len(self._buffer) or self._ended:  # otherwise a number may go on
                    self._index = end
                    self._count += 1
                    return value
            self._more(len(self._buffer) - self._index)

    def _next(self) -> str:
        """Skip blanks; return the next character, or an empty text at the end."""
        while True:
            while self._index < len(self._buffer) and self._buffer[self._index] in _BLANK:
                self._index += 1
            if self._index < len(self._buffer):
                return self._buffer[self._index]
            if self._ended:
                return ""
            self._more(0)

    def _after(self, expected: str) -> str:
        character = self._next()
        if not character or character not in expected:
            choices = " or ".join(map(repr, expected))
            raise self._fail(f"expected {choices}, got {character!r}" if character else "the array is cut off")
        self._index += 1
        return character

    def _more(self, least: int) -> None:
        piece = self._text.read(max(PIECE, least))
        self._ended = not piece
        self._buffer = self._buffer[self._index :] + piece
        self._index = 0

    def _fail(self, problem: str) -> UnreadableUpload:
        return UnreadableUpload("corrupt", f"after element {self._count} of the array: {problem}")
