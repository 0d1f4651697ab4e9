"""Is there enough to learn from? Each reason against it is one sentence for the person who reads the run's output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refrain.classes import class_labels

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from preprocessing import Array, Columns, Definition

MIN_SIDE_ROWS = 20
"""Rows that training and holdout need each: fewer say nothing about a model, whatever `min_rows` is."""


def row_shortfall(definition: Definition, columns: Columns, holdout: NDArray[np.bool_]) -> str:
    """Say in one sentence what is missing to learn from these rows; nothing if there is enough."""
    rows, held_out = len(holdout), int(holdout.sum())
    if rows < definition.training.min_rows:
        return f"there are {rows} rows, and {definition.training.min_rows} are needed (training.min_rows)"
    for purpose, count in (("hold out", held_out), ("learn from", rows - held_out)):
        if count < MIN_SIDE_ROWS:
            return f"there are {count} rows to {purpose}, and {MIN_SIDE_ROWS} are needed"
    target = columns[definition.target]
    for side, values in (("training", target[~holdout]), ("holdout", target[holdout])):
        value = _only_value(definition, values)
        if value is not None:
            same = f"all {len(values)} {side} rows have the same {definition.target}, {value}"
            return f"{same}: there is nothing to tell apart"
    return ""


def _only_value(definition: Definition, target: Array) -> str | None:
    """Return the one value of all rows, or None when there are several."""
    if definition.task == "regression":
        return f"{target[0]:g}" if target.min() == target.max() else None
    labels = set(class_labels(definition.columns[definition.target], target).tolist())
    return labels.pop() if len(labels) == 1 else None
