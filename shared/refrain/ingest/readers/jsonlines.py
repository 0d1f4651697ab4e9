"""Reads JSON objects, one a line or one after another. A line that is no JSON is a malformed row."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from refrain.ingest.formats import MAX_LINE_BYTES
from refrain.ingest.readers.encoding import Text
from refrain.ingest.readers.json_values import Elements, decode_usual_line, decode_value, explain, shape_of, skip_blank
from refrain.ingest.readers.line_records import MAX_BLANK_LINES, too_many_blank_lines
from refrain.ingest.readers.records import Record, reading

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from preprocessing import Definition
    from refrain.ingest.readers.chunks import Reading

RETRY_LINES = 64
"""After an unusual line, the next ones are read as unusual too, up to a multiple of so many lines."""


@contextmanager
def read_json_lines(path: Path, definition: Definition, _form: str) -> Iterator[Reading]:
    """Open a file; one that is not made of lines is read as it is. Raises `UnreadableUpload`, now or from the chunks.

    A file that begins with an array has an array in each line, and so no row.
    """
    with closing(Text(path, definition.source.encoding, max_line=0)) as text:
        shape = shape_of(text.head)
        if shape not in ("array", "lines"):
            yield reading(Elements(text, shape), definition, text)
            return
    with closing(Text(path, definition.source.encoding, max_line=MAX_LINE_BYTES)) as text:
        yield reading(_records(text), definition, text)


def _records(text: Text) -> Iterator[Record]:
    line = blank = 0
    is_usual = True
    try:
        for line, content in enumerate(text.lines, 1):
            if content.isspace():
                blank += 1
                if blank > MAX_BLANK_LINES:
                    raise too_many_blank_lines()
                continue
            blank = 0
            defect = text.defect(content, f"line {line}")
            if defect:
                yield line, content.rstrip(), defect
                continue
            value = decode_usual_line(content) if is_usual or not line % RETRY_LINES else None
            is_usual = value is not None
            if is_usual:
                yield line, value, ""
            else:
                yield from _values(line, content)
    except UnicodeDecodeError as error:
        raise text.refuse_line(error, line + 1) from None


def _values(line: int, content: str) -> list[Record]:
    """Decode the objects of a line; what is not JSON is one malformed row."""
    records: list[Record] = []
    start = skip_blank(content)
    while start < len(content):
        try:
            value, end = decode_value(content, start)
        except (ValueError, RecursionError) as error:
            return [*records, (line, content[start:].rstrip(), explain(error))]
        following = skip_blank(content, end)
        if following < len(content) and not isinstance(value, dict):
            return [*records, (line, content[start:].rstrip(), "not valid JSON: Extra data")]
        records.append((line, value, ""))
        start = following
    return records
