"""A text file, read line by line, or many lines at once where a parser that runs ahead understands them."""

from __future__ import annotations

import codecs
import io
from collections import deque
from typing import TYPE_CHECKING

from refrain.errors import UnreadableUpload
from refrain.ingest.formats import BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Executor, Future

    from refrain.ingest.formats import Content
    from refrain.ingest.readers.encoding import Text

SIZE = 4 * 1024 * 1024
"""Bytes of a block, about; fewer where lines are short. A few of them are in memory at once."""

MOST_LINES = 100_000
"""In a block, if the lines of the file are about as long as the first ones."""

AHEAD = 2
"""Blocks that are parsed while the one before them is used."""


def has_blocks(text: Text) -> bool:
    """Tell whether a byte that looks like a line end is one, in the encoding of a text."""
    return codecs.lookup(text.codec).name.startswith(("utf-8", "ascii", "iso8859", "cp125"))


class Blocks[Parsed]:
    """Iterates over the lines of a text, each with its end, as `Text.lines` does; and hands out whole blocks.

    After `parse_ahead`, `take` gives what the parser made of all lines up to the end of a block. Where the parser makes
    nothing of them, they are lines again.
    """

    def __init__(self, text: Text) -> None:
        self._codec = "utf-8" if text.codec == "utf-8-sig" else text.codec
        size = min(SIZE, MOST_LINES * len(text.head) // (text.head.count("\n") + 1))
        self._bytes = _whole_lines(text.content, size, codecs.BOM_UTF8 if text.codec == "utf-8-sig" else b"")
        self._lines, self._size = io.StringIO(), 0
        self._ahead: deque[tuple[bytes, Future[Parsed | None] | None] | UnreadableUpload] = deque()
        self._submit: Callable[[bytes], Future[Parsed | None]] | None = None
        self._patience = self._wait = 0  # how often the rest of a block is not tried once more

    def __iter__(self) -> Iterator[str]:
        """Iterate over lines."""
        return self

    def __next__(self) -> str:
        """Give the next line. Raises `UnicodeDecodeError` with the bytes of its block."""
        while not (line := self._lines.readline()):
            following = self._following()
            if following is None:
                raise StopIteration
            self._open(following[0])
        return line

    @property
    def is_at_end(self) -> bool:
        """Tell whether the next line begins a block."""
        return self._lines.tell() == self._size

    def parse_ahead(self, pool: Executor, parse: Callable[[bytes], Parsed | None]) -> None:
        """Let a parser, which takes UTF-8, run ahead of the lines."""

        def attempt(block: bytes) -> Parsed | None:
            utf8 = _to_utf8(block, self._codec)
            return None if utf8 is None else parse(utf8)

        self._submit = lambda block: pool.submit(attempt, block)

    def take(self) -> Parsed | None:
        """Give the lines to the end of a block, parsed; None where they are to be read one by one, or none is left.

        The rest of a block that was not understood is tried again after some lines, and then ever less often.
        """
        if self._submit is None:
            return None
        if self._wait and not self.is_at_end:
            self._wait -= 1
            return None
        rest = self._lines.read().encode(self._codec)
        following = (rest, self._submit(rest)) if rest else self._following()
        if following is None:
            return None
        block, coming = following
        parsed = coming.result() if coming else None
        self._patience = 2 * self._patience + 1 if parsed is None else 0
        self._wait = self._patience
        if parsed is None:
            self._ahead.appendleft((block, None))
        return parsed

    def _open(self, block: bytes) -> None:
        text = block.decode(self._codec)
        self._lines, self._size = io.StringIO(text, newline=""), len(text)

    def _following(self) -> tuple[bytes, Future[Parsed | None] | None] | None:
        """Give the next block, and see to it that some behind it are read, and parsed, meanwhile."""
        while len(self._ahead) <= (AHEAD if self._submit else 0):
            try:
                block = next(self._bytes, None)
            except UnreadableUpload as trouble:  # those before it come first
                self._ahead.append(trouble)
                break
            if block is None:
                break
            self._ahead.append((block, self._submit(block) if self._submit else None))
        following = self._ahead.popleft() if self._ahead else None
        if isinstance(following, UnreadableUpload):
            raise following
        return following


def _to_utf8(block: bytes, codec: str) -> bytes | None:
    if block.isascii():
        return block
    try:
        text = block.decode(codec)
    except UnicodeDecodeError:
        return None  # who reads the lines one by one says in which
    return block if codec == "utf-8" else text.encode()


def _whole_lines(content: Content, size: int, mark: bytes) -> Iterator[bytes]:
    """Cut content behind line ends, and a byte order mark off. What was read before any trouble comes before it."""
    rest, more = b"", True
    while more:
        data, more, trouble = _fill(content, size)
        data = (rest + data).removeprefix(mark)
        end = _last_end(data) if more or trouble else len(data)
        if end:
            yield data[:end]
            mark = b""
        if trouble:
            raise trouble
        rest = data[end:]


def _fill(content: Content, size: int) -> tuple[bytes, bool, UnreadableUpload | None]:
    """Read a block, and tell whether there may be more, and what went wrong."""
    parts: list[bytes] = []
    try:
        while size > 0 and (data := content.read(BLOCK)):
            parts.append(data)
            size -= len(data)
    except UnreadableUpload as trouble:
        return b"".join(parts), False, trouble
    return b"".join(parts), size <= 0, None


def _last_end(data: bytes) -> int:
    """Find where the last line ends; a carriage return at the very end may be half of one."""
    return data.rfind(b"\n") + 1 or data.rfind(b"\r", 0, len(data) - 1) + 1
