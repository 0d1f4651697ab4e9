"""Is there enough to learn from? Each reason against it is one sentence for the person who reads the run's output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refrain.classes import class_labels

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from preprocessing import Array, Columns, Definition

LEAST_SIDE = 20
"""Rows that training and holdout need each; fewer say nothing of a model, whatever `min_rows` is."""


def row_shortfall(definition: Definition, columns: Columns, holdout: NDArray[np.bool_]) -> str:
    """Say what is wanting in these rows, or nothing."""
    rows, held = len(holdout), int(holdout.sum())
    if rows < definition.training.min_rows:
        return f"there are {rows} rows, and {definition.training.min_rows} are needed (training.min_rows)"
    for side, count in (("hold out", held), ("learn from", rows - held)):
        if count < LEAST_SIDE:
            return f"there are {count} rows to {side}, and {LEAST_SIDE} are needed"
    target = columns[definition.target]
    for side, part in (("training", target[~holdout]), ("holdout", target[holdout])):
        only = _only(definition, part)
        if only is not None:
            return (
                f"all {len(part)} {side} rows have the same {definition.target}, {only}: there is nothing to tell apart"
            )
    return ""


def _only(definition: Definition, target: Array) -> str | None:
    """Return the one value of all rows, or None when there are several."""
    if definition.task == "regression":
        return f"{target[0]:g}" if target.min() == target.max() else None
    found = set(class_labels(definition.columns[definition.target], target).tolist())
    return found.pop() if len(found) == 1 else None
