"""The uploads of the demo: scikit-learn's breast cancer data in several files, or a file of the user."""

from __future__ import annotations

import csv
import gzip
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from preprocessing import Definition

    type Row = dict[str, object]

LINES = {".csv", ".tsv", ".jsonl", ".ndjson"}
FIRST_SHARE = 0.6


@dataclass(frozen=True)
class DemoUploads:
    """A model with its first and later uploads, as pairs of key and content."""

    model: str
    first: list[tuple[str, bytes]]
    later: list[tuple[str, bytes]]


def tumour_uploads() -> DemoUploads:
    """Make uploads of three clinics in three formats, one with dirty rows, and a later one of a fourth clinic."""
    rows = _tumour_rows()
    dirty = [dict(row) for row in rows[:4]]
    dirty[0] |= {"id": "broken-1", "mean_radius": "17,99"}
    dirty[1] |= {"id": "broken-2", "mean_area": "-1"}
    dirty[2] |= {"id": "broken-3", "diagnosis": "unsure"}
    dirty[3] |= {"id": "broken-4", "worst_area": "inf"}
    lines = "".join(json.dumps(row) + "\n" for row in rows[130:260])
    return DemoUploads(
        "tumours",
        first=[
            ("tumours/clinic-a.csv", _delimited(rows[:130], ",")),
            ("tumours/clinic-b.jsonl.gz", gzip.compress(lines.encode(), mtime=0)),
            ("tumours/clinic-c.tsv", _delimited([*rows[260:300], *dirty, *rows[300:380]], "\t")),
        ],
        later=[("tumours/clinic-d.csv", _delimited(rows[380:], ";"))],
    )


def user_uploads(data: Path, definition: Definition) -> DemoUploads:
    """Make uploads of a user's file: two parts of a file of plain lines, so that there is more to learn later."""
    content, model = data.read_bytes(), definition.model
    lines = content.splitlines(keepends=True)
    tabular = data.suffix.lower() in {".csv", ".tsv"}
    header = lines[:1] if tabular and not definition.source.header else []
    cut = _cut(lines)
    if data.suffix.lower() not in LINES or b"\x00" in content or cut is None:
        return DemoUploads(model, [(f"{model}/{data.name}", content)], [])
    first, later = b"".join(lines[:cut]), b"".join([*header, *lines[cut:]])
    return DemoUploads(model, [(f"{model}/first-{data.name}", first)], [(f"{model}/later-{data.name}", later)])


def _cut(lines: Sequence[bytes]) -> int | None:
    """Find the first line of the second part, outside of quotes."""
    quotes = 0
    for index, line in enumerate(lines):
        if index > 1 and index >= FIRST_SHARE * len(lines) and quotes % 2 == 0:
            return index
        quotes += line.count(b'"')
    return None


def _tumour_rows() -> list[Row]:
    from sklearn.datasets import (
        load_breast_cancer,
    )  # late, since it takes a second, in which Ctrl-C would print a traceback

    data = load_breast_cancer()
    names = [name.replace(" ", "_") for name in data.feature_names]
    return [
        {"id": f"p{index:03d}"}
        | dict(zip(names, map(float, values), strict=True))
        | {"diagnosis": str(data.target_names[target])}
        for index, (values, target) in enumerate(zip(data.data, data.target, strict=True))
    ]


def _delimited(rows: Sequence[Row], delimiter: str) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
