"""Finds the encoding of a text file: by its byte order mark, the definition, or its zero bytes; otherwise UTF-8."""

from __future__ import annotations

import codecs
import io
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


def detect_codec(head: bytes, declared: str = "") -> str:
    """Name the codec for a file that begins with `head`. A byte order mark overrides the definition.

    >>> detect_codec(b"a,b"), detect_codec(b"a,b", "latin-1"), detect_codec("a,b".encode("utf-16-be"))
    ('utf-8', 'latin-1', 'utf-16-be')
    """
    for mark, codec in _MARKS:
        if head.startswith(mark):
            return codec
    return declared or _by_zeros(head[:4096]) or "utf-8"


def _by_zeros(head: bytes) -> str:
    """Recognise UTF-16 without a mark: most characters are below 256, so every second byte is zero."""
    first, second = (head[start::2].count(0) / max(1, len(head) // 2) for start in (0, 1))
    if second > 0.4 and first < 0.05:
        return "utf-16-le"
    return "utf-16-be" if first > 0.4 and second < 0.05 else ""


class Text:
    """An open text file: `lines` to iterate once, `head` (its first characters), `content` (its bytes)."""

    def __init__(self, path: Path, declared: str, *, max_line: int = MAX_LINE_BYTES) -> None:
        head = head_of(path)
        self.codec = detect_codec(head, declared)
        wide = codecs.lookup(self.codec).name.startswith(("utf-16", "utf-32"))
        self.head = codecs.getincrementaldecoder(self.codec)("replace").decode(head)
        self.content = Content(path, nul=wide, max_line=max_line)
        self.lines = io.TextIOWrapper(io.BufferedReader(self.content, BLOCK), encoding=self.codec, newline="")

    def refuse(self, error: UnicodeDecodeError, position: str) -> UnreadableUpload:
        """Make the refusal for bytes that cannot be decoded, at a position such as `line 7`."""
        byte = error.object[error.start]
        return UnreadableUpload(
            "encoding",
            f"{position}: byte 0x{byte:02x} is not {self.codec}; save the file as UTF-8,"
            " or name its encoding in source.encoding of the definition (such as cp1252)",
        )

    def refuse_line(self, error: UnicodeDecodeError, line: int) -> UnreadableUpload:
        """Make the refusal while reading lines; `line` is the number of the next line."""
        return self.refuse(error, f"line {line + error.object.count(b'\n', 0, error.start)}")

    def close(self) -> None:
        """Close the file."""
        self.lines.close()
