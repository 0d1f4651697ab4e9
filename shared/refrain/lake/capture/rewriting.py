"""Remove rows from captured lines; a line keeps its head, and whatever else it has beside its rows."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

from refrain.lake.capture.reading import values_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    type MarkRows = Callable[[Sequence[Any]], Sequence[bool]]
    """Marks rows of captured lines."""


def remove_rows(key: str, data: bytes, mark: MarkRows) -> tuple[bytes, list[str]]:
    """Remove the marked rows of a file; return what is left of it, and the ids of the removed ones.

    It is empty where no row is left. Damaged lines go: nobody can say whose they are.
    """
    lines = [line for line in values_of(key, data) if isinstance(line, dict) and isinstance(line.get("rows"), list)]
    rows = [row for line in lines for row in line["rows"]]
    marked = iter(mark(rows) if rows else ())
    removed: list[str] = []
    kept: list[str] = []
    for line in lines:
        stays = [not next(marked) for _ in line["rows"]]
        removed += [str(row["id"]) for row, stay in zip(line["rows"], stays, strict=True) if not stay]
        if any(stays):
            kept.append(json.dumps(_select(line, stays), separators=(",", ":")))
    text = "".join(line + "\n" for line in kept)
    return (gzip.compress(text.encode(), mtime=0) if kept else b""), removed


def _select(line: dict[str, Any], stays: Sequence[bool]) -> dict[str, Any]:
    selected = line | {"rows": [row for row, stay in zip(line["rows"], stays, strict=True) if stay]}
    if other := line.get("other"):
        answers = [answer for answer, stay in zip(other["answers"], stays, strict=True) if stay]
        selected["other"] = other | {"answers": answers}
    return selected
