"""Reads a JSON array of objects element by element, so that a file of any size needs little memory."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from refrain.errors import UnreadableUpload
from refrain.ingest.readers import jsonlines
from refrain.ingest.readers.encoding import Text
from refrain.ingest.readers.json_values import Elements, skip_blank
from refrain.ingest.readers.records import reading

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from preprocessing import Definition
    from refrain.ingest.readers.chunks import Reading


@contextmanager
def read_json_array(path: Path, definition: Definition, form: str) -> Iterator[Reading]:
    """Open a file; one that begins with an object is read as JSON lines, which often have this suffix.

    Raises `UnreadableUpload`, now or from the chunks.
    """
    with closing(Text(path, definition.source.encoding, max_line=0)) as text:
        start = text.head[skip_blank(text.head) :][:1]
        if start == "[":
            yield reading(Elements(text, "array"), definition, text)
            return
    if start != "{":
        raise UnreadableUpload("no_array", f"expected a JSON array of objects; the file begins with {start!r}")
    with jsonlines.read_json_lines(path, definition, form) as lines:
        yield lines
