"""JSON values out of a text: each with the names of its objects checked, and a sentence for what is not JSON."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Literal, cast

from refrain.errors import UnreadableUpload
from refrain.ingest.formats import MAX_LINE_BYTES
from refrain.repeated_names import checked_object, has_distinct_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refrain.ingest.readers.encoding import Text
    from refrain.ingest.readers.records import Record

Shape = Literal["array", "lines", "values", "wrapped"]

PIECE = 256 * 1024
"""Characters read at a time."""

NOT_WRAPPED = (
    "the file is one JSON object; expected an array of objects, one object a line,"
    " or an object that holds one such array and nothing else"
)

_BLANK = re.compile(r"[ \t\r\n]*")
_WRAPPED = re.compile(r'\{\s*"(?:[^"\\]|\\.)*"\s*:\s*(?=\[\s*[{\]])')


_scan = cast("Any", json.JSONDecoder(object_pairs_hook=checked_object)).scan_once
_scan_unchecked = cast("Any", json.JSONDecoder()).scan_once


def decode_value(text: str, start: int) -> tuple[Any, int]:
    """Decode the value that begins at an index; return it with its end. Raises `ValueError` and `RecursionError`.

    An object with a name twice is a `RepeatedName`.
    """
    try:
        value, end = _scan(text, start)
    except StopIteration as error:
        raise json.JSONDecodeError("Expecting value", text, error.value) from None
    return value, end


def decode_usual_line(line: str) -> dict[str, Any] | None:
    """Decode a line that holds one object, whose names certainly differ; return None for any other line."""
    try:
        value, end = _scan_unchecked(line, 0)
    except (StopIteration, ValueError, RecursionError):
        return None
    is_usual = type(value) is dict and line[end:] in ("\n", "\r\n", "") and has_distinct_names(line, value)
    return value if is_usual else None


def skip_blank(text: str, start: int = 0) -> int:
    """Return the index of the next character that is not blank."""
    match = _BLANK.match(text, start)
    return match.end() if match else start


def explain(error: ValueError | RecursionError) -> str:
    """Say why a text is not JSON that can be read."""
    if isinstance(error, RecursionError):
        return "not valid JSON: nested too deeply"
    if isinstance(error, json.JSONDecodeError):
        return f"not valid JSON: {error.msg}"
    return "not valid JSON: a number with too many digits"  # Python refuses more than 4,300


def shape_of(head: str) -> Shape:
    """Tell how objects stand in a file that begins with this text.

    >>> shape_of('{"x": 1}\\n{"x": 2}'), shape_of('{"x": 1}{"x": 2}'), shape_of(' [{"x": 1}')
    ('lines', 'lines', 'array')
    >>> shape_of('{"data": [{"x": 1}]}'), shape_of('{\\n  "x": 1\\n}'), shape_of('{"data": [\\n{"x": 1}\\n]}')
    ('wrapped', 'values', 'wrapped')
    """
    head = head[skip_blank(head) :]
    if head.startswith("["):
        return "array"
    first, newline, rest = head.partition("\n")
    try:
        value, end = decode_value(first.rstrip(), 0)
    except json.JSONDecodeError as error:
        is_whole = bool(newline) or len(head) < PIECE // 2
        if is_whole and error.pos < len(first.rstrip()):
            return "lines"
        if _WRAPPED.match(head):
            return "wrapped"
        return "lines" if (not newline and is_whole) or _is_object(rest.lstrip().partition("\n")[0]) else "values"
    except (ValueError, RecursionError):
        return "lines"
    lists = list(value.values()) if isinstance(value, dict) else []
    holds_rows = len(lists) == 1 and isinstance(lists[0], list) and any(isinstance(row, dict) for row in lists[0])
    return "wrapped" if holds_rows and not first[end:].strip() and not rest.strip() else "lines"


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


class Elements:
    """The elements of an array, alone or wrapped in an object, or values one after another; iterate once.

    Raises `UnreadableUpload` where the text is none of that, or is cut off.
    """

    def __init__(self, text: Text, shape: Shape) -> None:
        self._text = text
        self._shape = shape
        self._buffer = ""
        self._index = 0  # of the next character in the buffer
        self._ended = False
        self._count = 0

    def __iter__(self) -> Iterator[Record]:
        """Yield each value with its number."""
        if self._shape == "values":
            while self._next():
                yield self._element()
            return
        if self._shape == "wrapped":
            self._unwrap()
        self._after("[")
        if self._next() == "]":
            self._index += 1
        else:
            yield self._element()
            while self._after(",]") == ",":
                self._next()
                yield self._element()
        if self._shape == "wrapped" and self._next() == "}":
            self._index += 1
        elif self._shape == "wrapped":
            raise UnreadableUpload("no_array", NOT_WRAPPED)
        if self._next():
            raise self._fail("the file goes on after the end of the array")

    def _unwrap(self) -> None:
        self._next()
        opening = _WRAPPED.match(self._buffer, self._index)
        if not opening:
            raise UnreadableUpload("no_array", NOT_WRAPPED)
        self._index = opening.end()

    def _element(self) -> Record:
        """Decode one element; when the text ends too early, read more of it and try again."""
        while True:
            try:
                value, end = decode_value(self._buffer, self._index)
            except json.JSONDecodeError as error:
                if self._ended or len(self._buffer) - self._index > MAX_LINE_BYTES:
                    raise self._fail(explain(error)) from None
            except (ValueError, RecursionError) as error:
                raise self._fail(explain(error)) from None
            else:
                if end < len(self._buffer) or self._ended:  # otherwise a number may go on
                    self._count += 1
                    record = self._record(value, end)
                    self._index = end
                    return record
            self._more(len(self._buffer) - self._index)

    def _record(self, value: object, end: int) -> Record:
        if self._buffer.isascii():
            return self._count, value, ""
        return self._count, value, self._text.defect(self._buffer[self._index : end], f"element {self._count}")

    def _next(self) -> str:
        """Skip blanks; return the next character, or an empty text at the end."""
        while True:
            self._index = skip_blank(self._buffer, self._index)
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
        try:
            piece = self._text.lines.read(max(PIECE, least))
        except UnicodeDecodeError as error:
            raise self._text.refuse(
                f"after element {self._count}: byte 0x{error.object[error.start]:02x} is not {self._text.codec}"
            ) from None
        self._ended = not piece
        # JSON takes no NUL in a text; so half a letter stands for it, which is a defect of one element.
        self._buffer = self._buffer[self._index :] + piece.replace("\0", "\udc00")
        self._index = 0

    def _fail(self, problem: str) -> UnreadableUpload:
        of_array = "" if self._shape == "values" else " of the array"
        return UnreadableUpload("corrupt", f"after element {self._count}{of_array}: {problem}")
