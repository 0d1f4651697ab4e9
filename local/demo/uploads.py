"""What the demo uploads: the tumours that come with scikit-learn, in several files, or a file of the user's own."""

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
    """One model, the uploads of the first act and those of the second: pairs of key and content."""

    model: str
    first: list[tuple[str, bytes]]
    later: list[tuple[str, bytes]]


def tumour_uploads() -> DemoUploads:
    """Make uploads of the breast cancer set: three clinics in three formats, one with dirty rows; later a fourth."""
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
    """Upload a user's file: one of plain lines in two parts, so that there is something new to learn; others whole."""
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
    """Find a line to begin the second part with, outside of quotes."""
    quotes = 0
    for place, line in enumerate(lines):
        if place > 1 and place >= FIRST_SHARE * len(lines) and quotes % 2 == 0:
            return place
        quotes += line.count(b'"')
    return None


def _tumour_rows() -> list[Row]:
    from sklearn.datasets import load_breast_cancer  # late: it takes a second, in which Ctrl-C would print a traceback

    data = load_breast_cancer()
    names = [name.replace(" ", "_") for name in data.feature_names]
    return [
        {"id": f"p{place:03d}"}
        | dict(zip(names, map(float, values), strict=True))
        | {"diagnosis": str(data.target_names[target])}
        for place, (values, target) in enumerate(zip(data.data, data.target, strict=True))
    ]


def _delimited(rows: Sequence[Row], delimiter: str) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
