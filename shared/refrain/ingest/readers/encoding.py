"""Finds the encoding of a text file: by its byte order mark, the definition, or its zero bytes; otherwise UTF-8."""

from __future__ import annotations

import codecs
import io
import re
from typing import TYPE_CHECKING

from refrain.errors import UnreadableUpload
from refrain.ingest.formats import BLOCK, MAX_LINE_BYTES, Content, head_of

if TYPE_CHECKING:
    from pathlib import Path

_MARKS = (  # UTF-32 before UTF-16, whose mark begins with the same bytes
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


_CODECS_WITH_MARK = {"utf-16", "utf-32"}
"""Codecs that cannot read a file without a byte order mark."""

MAX_JUDGED_LETTERS = 10_000
"""Letters beyond ASCII that decide whether a file is UTF-8."""

MAX_DEFECTS = 10_000
"""Rows with undecodable bytes after which reading ends; at the end, a file is refused for fewer of them."""

MIN_DEFECTS = 10
MAX_DEFECT_SHARE = 0.01

NUL = "a NUL byte"

_UNDECODED = re.compile("[\udc80-\udcff]")
_BEYOND_ASCII = re.compile("[^\0-\x7f]")


def detect_codec(head: bytes, declared: str = "") -> str:
    """Name the codec for a file that begins with `head`. A byte order mark overrides the definition.

    >>> detect_codec(b"a,b"), detect_codec(b"a,b", "latin-1"), detect_codec("a,b".encode("utf-16-be"))
    ('utf-8', 'latin-1', 'utf-16-be')
    """
    for mark, codec in _MARKS:
        if head.startswith(mark):
            return codec
    if declared and codecs.lookup(declared).name not in _CODECS_WITH_MARK:
        return declared
    return _by_zeros(head[:4096]) or "utf-8"


def _by_zeros(head: bytes) -> str:
    """Recognise UTF-16 without a mark: most characters are below 256, so every second byte is zero."""
    first, second = (head[start::2].count(0) / max(1, len(head) // 2) for start in (0, 1))
    if second > 0.4 and first < 0.05:
        return "utf-16-le"
    return "utf-16-be" if first > 0.4 and second < 0.05 else ""


def is_code_page(codec: str) -> bool:
    """Tell whether a codec has one byte for each letter, so that it reads the bytes of UTF-8 as other letters."""
    name = codecs.lookup(codec).name
    return not name.startswith("utf") and len(bytes(range(256)).decode(name, "replace")) == 256


def count_letters(path: Path) -> tuple[int, int]:
    """Count letters beyond ASCII: those that are UTF-8, and the bytes that are not. Stops where they are many."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    letters = foreign = 0
    with io.BufferedReader(Content(path), BLOCK) as content:
        while (block := content.read(BLOCK)) and letters + foreign < MAX_JUDGED_LETTERS:
            text = decoder.decode(block)
            if not text.isascii():
                beyond, undecoded = len(_BEYOND_ASCII.findall(text)), len(_UNDECODED.findall(text))
                letters, foreign = letters + beyond - undecoded, foreign + undecoded
    return letters, foreign


class Text:
    """An open text file: `lines` to iterate once, `head` (its first characters), `content` (its bytes).

    Bytes that cannot be decoded are lone surrogates in it, and `defect` finds them. A file of UTF-8 is read as such
    although a code page was declared, since that would make other letters of it.
    """

    def __init__(self, path: Path, declared: str, *, max_line: int = MAX_LINE_BYTES) -> None:
        head = head_of(path)
        self._path = path
        self.codec = detect_codec(head, declared)
        if declared and self.codec == declared and is_code_page(declared):
            letters, foreign = count_letters(path)
            self.codec = "utf-8" if letters > foreign else declared
        self.is_code_page = is_code_page(self.codec)
        # A letter of UTF-16 has no bytes that could be told apart: there one error refuses the file.
        self.errors = "strict" if codecs.lookup(self.codec).name.startswith(("utf-16", "utf-32")) else "surrogateescape"
        self.head = codecs.getincrementaldecoder(self.codec)("replace").decode(head)
        self.content = Content(path, max_line=max_line)
        buffer = io.BufferedReader(self.content, BLOCK)
        self.lines = io.TextIOWrapper(buffer, encoding=self.codec, errors=self.errors, newline="")
        self._defects = 0
        self._first = ""

    def defect(self, text: str, position: str) -> str:
        """Say why a row cannot be read by its bytes, and count it; an empty text for most rows.

        `position` is that of the row, such as `line 7`. Raises `UnreadableUpload` where such rows are too many.
        """
        if text.isascii() and "\0" not in text:
            return ""
        problem = self._problem(text)
        if problem:
            self._defects += 1
            self._first = self._first or f"{position}: {problem}"
            if self._defects > MAX_DEFECTS:
                raise self.refuse(self._first)
        return problem

    def check(self, rows: int) -> None:
        """Refuse a file of so many rows at its end, where all of them or many had bytes that cannot be read."""
        if self._defects and (self._defects == rows or self._defects > max(MIN_DEFECTS, rows * MAX_DEFECT_SHARE)):
            raise self.refuse(self._first, f" ({self._defects} of {rows} rows have such bytes)")

    def refuse(self, problem: str, share: str = "") -> UnreadableUpload:
        """Make the refusal for a problem such as `line 7: byte 0xfc is not utf-8`."""
        if NUL in problem:
            advice = "check the suffix; for UTF-16, name the encoding in source.encoding of the definition"
            return UnreadableUpload("binary", f"{problem}{share}, so this is not plain text: {advice}")
        letters, foreign = count_letters(self._path)
        if self.codec.startswith("utf-8") and letters > foreign:
            advice = "most letters beyond ASCII are UTF-8, so correct the others"
        else:
            advice = "save it as UTF-8, or name its encoding in source.encoding of the definition (such as cp1252)"
        return UnreadableUpload("encoding", f"{problem}{share}; {advice}")

    def refuse_line(self, error: UnicodeDecodeError, line: int) -> UnreadableUpload:
        """Make the refusal while reading lines of UTF-16 or the like; `line` is the number of the next line."""
        line += error.object.count(b"\n", 0, error.start)
        return self.refuse(f"line {line}: byte 0x{error.object[error.start]:02x} is not {self.codec}")

    def close(self) -> None:
        """Close the file."""
        self.lines.close()

    def _problem(self, text: str) -> str:
        if "\0" in text:
            return NUL
        try:
            text.encode()
        except UnicodeEncodeError:
            return self._lone_surrogate(text)
        return f"letters of UTF-8, not of {self.codec}" if self.is_code_page and self._is_utf8(text) else ""

    def _lone_surrogate(self, text: str) -> str:
        """Say which byte a lone surrogate stands for; one that stands for none, as UTF-7 may bring, is no defect."""
        undecoded = _UNDECODED.search(text)
        if "\udc00" in text or not undecoded:
            return NUL if "\udc00" in text else ""
        return f"byte 0x{ord(undecoded[0]) - 0xDC00:02x} is not {self.codec}"

    def _is_utf8(self, text: str) -> bool:
        try:
            return not text.encode(self.codec).decode().isascii()
        except UnicodeError:
            return False
