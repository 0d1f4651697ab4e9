"""Rows that could not be used, one JSON object a line: where it stood, what was wrong, the row as it came."""

from __future__ import annotations

import gzip
import json
import math
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from preprocessing import Problem
    from refrain.ingest.readers.chunks import Chunk, Malformed

MOST_FREQUENT = 50
KINDS = 10_000
"""At most so many different reasons are counted."""


class Rejected:
    """Writes the file (gzip, the same bytes for the same rows) and counts the reasons."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0
        self._reasons: Counter[tuple[str, str]] = Counter()
        self._raw = path.open("wb")
        self._file = gzip.GzipFile("", "wb", 3, self._raw, mtime=0)

    def close(self) -> None:
        """Finish the file."""
        self._file.close()
        self._raw.close()

    def malformed(self, row: Malformed) -> None:
        """Take a row that could not be taken apart."""
        self._write(row.line, [{"column": "", "value": None, "reason": row.reason}], row.original)

    def invalid(self, chunk: Chunk, row: int, problems: Sequence[Problem]) -> None:
        """Take a row of a chunk with what is wrong with it, all of it."""
        told = [{"column": each.column, "value": each.value, "reason": each.reason} for each in problems]
        self._write(int(chunk.lines[row]), told, chunk.original(row))

    def reasons(self) -> list[dict[str, object]]:
        """Count the rows by column and reason, most frequent first; a row with two problems is in two counts."""
        return [
            {"column": column, "reason": reason, "rows": rows}
            for (column, reason), rows in self._reasons.most_common(MOST_FREQUENT)
        ]

    def _write(self, line: int, problems: Sequence[Mapping[str, Any]], original: object) -> None:
        self.rows += 1
        self._count({(each["column"], each["reason"]) for each in problems})
        entry = {"line": line, **problems[0], "more": list(problems[1:]), "row": original}
        # A lone surrogate, which JSON may hold and UTF-8 may not, is written as the escape that it was.
        self._file.write(_to_json(entry).encode("utf-8", "backslashreplace") + b"\n")

    def _count(self, kinds: Iterable[tuple[str, str]]) -> None:
        self._reasons.update(kind for kind in kinds if kind in self._reasons or len(self._reasons) < KINDS)


def _plain(value: Any) -> object:
    """Make of a value that JSON has no form for one that it has."""
    return value.item() if hasattr(value, "dtype") and value.dtype.kind in "biuf" else str(value)


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=_plain).encode


def _to_json(entry: object) -> str:
    try:
        return _encode(entry)
    except ValueError:  # NaN or Infinity, which are rare enough to be looked for only now
        return _encode(_finite(entry))


def _finite(value: Any) -> Any:
    """Write NaN and Infinity as text, however deep they are."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
