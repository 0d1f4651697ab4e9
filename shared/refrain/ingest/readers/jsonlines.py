"""Reads JSON lines: one object a line. Any other line is a malformed row; the lines after it may be fine."""

from __future__ import annotations

import json
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from refrain.ingest.readers.encoding import Text
from refrain.ingest.readers.records import Record, reading

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from preprocessing import Definition
    from refrain.ingest.readers.chunks import Reading


@contextmanager
def read_json_lines(path: Path, definition: Definition, _form: str) -> Iterator[Reading]:
    """Open a file. Raises `UnreadableUpload`, now or from the chunks."""
    with closing(Text(path, definition.source.encoding)) as text:
        yield reading(_records(text), definition, text.content)


def _records(text: Text) -> Iterator[Record]:
    line = 0
    try:
        for line, content in enumerate(text.lines, 1):
            if content.strip():
                yield _record(line, content)
    except UnicodeDecodeError as error:
        raise text.refuse_line(error, line + 1) from None


def _record(line: int, content: str) -> Record:
    try:
        return line, json.loads(content), ""
    except json.JSONDecodeError as error:
        return line, content.rstrip(), f"not valid JSON: {error.msg}"
    except RecursionError:
        return line, content.rstrip(), "not valid JSON: nested too deeply"
    except ValueError:  # Python refuses whole numbers of more than 4,300 digits
        return line, content.rstrip(), "not valid JSON: a number with too many digits"
