"""Small tables for the method checks."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.simulation.checked_tables import CheckedTable, Shape, define, invent_columns
from refrain.checks.checked_rows import CheckedRows

CLASSES, VALUES = Shape(rows=1500), Shape(rows=1500, classes=0)


def checked(shape: Shape = CLASSES, added: dict[str, Any] | None = None, **changes: Any) -> CheckedRows:
    """Return the rows of an invented table with added columns, as the checks get them."""
    columns = invent_columns(shape, 3) | (added or {})
    if shape.by_time:
        changes = {"time": "at"} | changes
    definition = define(columns, "classification" if shape.classes else "regression", **changes)
    return CheckedRows(definition, *CheckedTable("table", definition, columns).split())


def numbers(rows: int = 1500) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the numbers from 0 on."""
    return np.arange(rows, dtype=np.float64)
