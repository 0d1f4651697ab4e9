"""Writes a CSV with times, numbers, categories and booleans, in which one row in a thousand is dirty."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing import Definition, parse_definition

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "at,customer,amount,score,visits,town,plan,member,label"
DOCUMENT: dict[str, Any] = {
    "task": "classification",
    "target": "label",
    "time": "at",
    "columns": {
        "at": {"type": "time"},
        "customer": {"type": "number"},
        "amount": {"type": "number", "min": 0, "max": 1e6},
        "score": {"type": "number", "min": -10, "max": 10},
        "visits": {"type": "number"},
        "town": {"type": "category"},
        "plan": {"type": "category", "lower": True, "allowed": ["free", "silver", "gold", "team"]},
        "member": {"type": "boolean"},
        "label": {"type": "category", "allowed": ["yes", "no"]},
    },
    "training": {"candidates": [{"name": "tree", "estimator": "sklearn.tree.DecisionTreeClassifier"}]},
}
DISTINCT_ROWS = 500_000
"""Rows after which the file repeats itself, since writing text takes longer than reading it."""


def mixed_definition() -> Definition:
    """Return the definition for such a file."""
    return parse_definition("mixed", DOCUMENT, "mixed.toml")


def write_csv(path: Path, rows: int) -> None:
    """Write so many rows, about 68 bytes each."""
    lines = _lines(min(rows, DISTINCT_ROWS))
    text = ("\n".join(lines) + "\n").encode()
    with path.open("wb") as file:
        file.write(f"{HEADER}\n".encode())
        for _ in range(rows // len(lines)):
            file.write(text)
        if rows % len(lines):
            file.write(("\n".join(lines[: rows % len(lines)]) + "\n").encode())


def _lines(rows: int) -> list[str]:
    rng = np.random.default_rng(7)
    towns = [f"Town {number}" if number % 7 else f"Zürich {number}" for number in range(60)]
    columns = [
        [f"{at}Z" for at in (np.datetime64("2026-01-01", "s") + rng.integers(0, 2 * 10**7, rows)).astype(str).tolist()],
        rng.integers(0, 10**6, rows).tolist(),
        [f"{amount:.2f}" if amount > 20 else "" for amount in rng.gamma(2, 200, rows).tolist()],
        rng.normal(size=rows).round(4).tolist(),
        rng.integers(0, 50, rows).tolist(),
        rng.choice(towns, rows).tolist(),
        rng.choice(["free", "silver", "gold", "team"], rows).tolist(),
        rng.choice(["true", "false"], rows).tolist(),
        rng.choice(["yes", "no"], rows).tolist(),
    ]
    lines = [",".join(map(str, row)) for row in zip(*columns, strict=True)]
    for kind, index in enumerate(np.flatnonzero(rng.random(rows) < 0.001).tolist()):
        lines[index] = _make_dirty(lines[index].split(","), kind % 6)
    return lines


def _make_dirty(fields: list[str], kind: int) -> str:
    """Make a row dirty: not a number, out of range, too short, without target, a forbidden value, not a time."""
    match kind:
        case 0:
            fields[3] = "n/a"
        case 1:
            fields[2] = "-5"
        case 2:
            del fields[-2:]
        case 3:
            fields[8] = ""
        case 4:
            fields[6] = "bronze"
        case _:
            fields[0] = "yesterday"
    return ",".join(fields)


if __name__ == "__main__":
    from pathlib import Path

    write_csv(Path(sys.argv[1]), int(sys.argv[2]))
