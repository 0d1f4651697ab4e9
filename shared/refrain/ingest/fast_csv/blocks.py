"""A text file, read line by line, or a block of lines at once where a parser that runs ahead could parse it."""

from __future__ import annotations

import codecs
import io
import re
from collections import deque
from typing import TYPE_CHECKING

from refrain.errors import UnreadableUpload
from refrain.ingest.formats import BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Executor, Future

    from refrain.ingest.formats import Content
    from refrain.ingest.readers.encoding import Text

MAX_BLOCK_BYTES = 4 * 1024 * 1024
"""Roughly; fewer where lines are short. A few blocks are in memory at once."""

MAX_BLOCK_LINES = 100_000
"""Roughly: estimated by the length of the first lines."""

_UTF8_LETTER = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")

BLOCKS_AHEAD = 4
"""Blocks that are parsed while those before them are used: writing a row group takes as long as parsing four."""


def has_blocks(text: Text) -> bool:
    """Tell whether a text can be cut at its bytes: in its encoding, each newline byte is a newline."""
    return codecs.lookup(text.codec).name.startswith(("utf-8", "ascii", "iso8859", "cp125"))


class Blocks[Parsed]:
    """Yields the lines of a text, each with its end, as `Text.lines` does; and hands out whole blocks.

    After `parse_ahead`, `take` returns the parsed lines up to the end of a block. A block that could not be parsed is
    read line by line.
    """

    def __init__(self, text: Text) -> None:
        self._codec = "utf-8" if text.codec == "utf-8-sig" else text.codec
        self._errors, self._is_code_page = text.errors, text.is_code_page
        lines = text.head.count("\n") + 1
        size = max(1, min(MAX_BLOCK_BYTES, MAX_BLOCK_LINES * len(text.head) // lines))
        self._bytes = _whole_lines(text.content, size, codecs.BOM_UTF8 if text.codec == "utf-8-sig" else b"")
        self._lines, self._size = io.StringIO(), 0
        self._ahead: deque[tuple[bytes, Future[Parsed | None] | None] | UnreadableUpload] = deque()
        self._submit: Callable[[bytes], Future[Parsed | None]] | None = None
        self._patience = self._wait = 0  # lines to read before the rest of a block is tried again

    def lines(self) -> Iterator[str]:
        """Yield the lines that were not taken."""
        while True:
            yield from self._lines
            following = self._following()
            if following is None:
                return
            self._open(following[0])

    @property
    def is_at_end(self) -> bool:
        """Tell whether the next line begins a block."""
        return self._lines.tell() == self._size

    def parse_ahead(self, pool: Executor, parse: Callable[[bytes], Parsed | None]) -> None:
        """Let a parser of UTF-8 run ahead of the lines."""

        def attempt(block: bytes) -> Parsed | None:
            utf8 = _to_utf8(block, self._codec, self._is_code_page)
            return None if utf8 is None else parse(utf8)

        self._submit = lambda block: pool.submit(attempt, block)

    def take(self) -> Parsed | None:
        """Return the parsed lines up to the end of a block; None where they must be read one by one, or at the end.

        The rest of a block that could not be parsed is tried again after some lines, then less and less often.
        """
        if self._submit is None:
            return None
        if self._wait and not self.is_at_end:
            self._wait -= 1
            return None
        rest = self._lines.read().encode(self._codec, self._errors)
        following = (rest, self._submit(rest)) if rest else self._following()
        if following is None:
            return None
        block, future = following
        parsed = future.result() if future else None
        self._patience = 2 * self._patience + 1 if parsed is None else 0
        self._wait = self._patience
        if parsed is None:
            self._ahead.appendleft((block, None))
        return parsed

    def _open(self, block: bytes) -> None:
        text = block.decode(self._codec, self._errors)
        self._lines, self._size = io.StringIO(text, newline=""), len(text)

    def _following(self) -> tuple[bytes, Future[Parsed | None] | None] | None:
        """Return the next block, and start reading and parsing the blocks after it."""
        while len(self._ahead) <= (BLOCKS_AHEAD if self._submit else 0):
            try:
                block = next(self._bytes, None)
            except UnreadableUpload as refusal:  # raised once the blocks before it were used
                self._ahead.append(refusal)
                break
            if block is None:
                break
            self._ahead.append((block, self._submit(block) if self._submit else None))
        following = self._ahead.popleft() if self._ahead else None
        if isinstance(following, UnreadableUpload):
            raise following
        return following


def _to_utf8(block: bytes, codec: str, is_code_page: bool) -> bytes | None:
    """Convert a block; return None where lines may have bytes that cannot be read: they are read one by one."""
    if b"\0" in block:
        return None
    if block.isascii():
        return block
    if is_code_page and _UTF8_LETTER.search(block):
        return None
    try:
        text = block.decode(codec)
    except UnicodeDecodeError:
        return None
    return block if codec == "utf-8" else text.encode()


def _whole_lines(content: Content, size: int, mark: bytes) -> Iterator[bytes]:
    """Cut content after line ends, without its byte order mark. Bytes read before an error come before it."""
    rest, more = b"", True
    while more:
        data, more, refusal = _fill(content, size)
        data = (rest + data).removeprefix(mark)
        end = _last_end(data) if more or refusal else len(data)
        if end:
            yield data[:end]
            mark = b""
        if refusal:
            raise refusal
        rest = data[end:]


def _fill(content: Content, size: int) -> tuple[bytes, bool, UnreadableUpload | None]:
    """Read a block; return whether there may be more, and the error that ended it."""
    parts: list[bytes] = []
    try:
        while size > 0 and (data := content.read(BLOCK)):
            parts.append(data)
            size -= len(data)
    except UnreadableUpload as refusal:
        return b"".join(parts), False, refusal
    return b"".join(parts), size <= 0, None


def _last_end(data: bytes) -> int:
    """Find the end of the last line; a carriage return at the very end may be half of a line end."""
    return data.rfind(b"\n") + 1 or data.rfind(b"\r", 0, len(data) - 1) + 1
