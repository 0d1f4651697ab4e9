"""The rejected rows of an upload, one JSON object a line: its line, what is wrong with it, and the row as it came."""

from __future__ import annotations

import gzip
import json
import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from refrain.lake.forgotten_keys import FORGOTTEN
from refrain.lake.receipt import Rejection

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from preprocessing import Problem
    from refrain.ingest.readers.chunks import Chunk, Malformed

MAX_LISTED_REASONS = 50
MAX_COUNTED_REASONS = 10_000


class Rejected:
    """Writes the file (gzip, the same bytes for the same rows) and counts the reasons.

    Where people were forgotten it keeps no rows and values: an unusable row may be one of theirs.
    """

    def __init__(self, path: Path, *, keeps_rows: bool = True) -> None:
        self.path = path
        self._keeps_rows = keeps_rows
        self.rows = 0
        self._reasons: Counter[tuple[str, str]] = Counter()
        self._raw = path.open("wb")
        self._file = gzip.GzipFile("", "wb", 3, self._raw, mtime=0)

    def close(self) -> None:
        """Finish the file."""
        self._file.close()
        self._raw.close()

    def malformed(self, row: Malformed) -> None:
        """Write a row that could not be parsed."""
        self._write(row.line, [{"column": "", "value": None, "reason": row.reason}], row.original)

    def invalid(self, chunk: Chunk, row: int, problems: Sequence[Problem]) -> None:
        """Write a row of a chunk with all its problems."""
        entries = [{"column": problem.column, "value": problem.value, "reason": problem.reason} for problem in problems]
        self._write(int(chunk.lines[row]), entries, chunk.original(row))

    def forgotten(self, number: int, column: str) -> None:
        """Write that a row is of somebody who was forgotten; its number stands for its line."""
        self._write(number, [{"column": column, "value": None, "reason": FORGOTTEN}], None)

    def reasons(self) -> list[Rejection]:
        """Return the most frequent reasons; a row with two problems counts twice."""
        return [
            Rejection(column, reason, rows) for (column, reason), rows in self._reasons.most_common(MAX_LISTED_REASONS)
        ]

    def _write(self, line: int, problems: Sequence[Mapping[str, Any]], original: object) -> None:
        self.rows += 1
        self._count({(problem["column"], problem["reason"]) for problem in problems})
        if not self._keeps_rows:
            problems, original = [{**problem, "value": None} for problem in problems], None
        entry = {"line": line, **problems[0], "more": list(problems[1:]), "row": original}
        # JSON may hold a lone surrogate, UTF-8 may not: it is written as the escape that it was.
        self._file.write(_to_json(entry).encode("utf-8", "backslashreplace") + b"\n")

    def _count(self, reasons: Iterable[tuple[str, str]]) -> None:
        for reason in reasons:
            if reason in self._reasons or len(self._reasons) < MAX_COUNTED_REASONS:
                self._reasons[reason] += 1


def _plain(value: Any) -> object:
    """Convert a value that JSON cannot hold."""
    return value.item() if hasattr(value, "dtype") and value.dtype.kind in "biuf" else str(value)


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=_plain).encode


def _to_json(entry: object) -> str:
    try:
        return _encode(entry)
    except ValueError:  # NaN or Infinity: too rare to look for in every row
        return _encode(_finite(entry))


def _finite(value: Any) -> Any:
    """Replace NaN and Infinity by text, at any depth."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
