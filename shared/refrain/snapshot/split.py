"""Which rows are held out to judge by, and are there enough on both sides? Every run splits the same rows equally.

If a later run held out a row that the champion was trained on, the champion would be judged on what it knows by heart.
By time and by upload the newest rows are held out; by hash a row stays on its side for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from refrain.classes import class_labels
from refrain.statistics.hashing import row_hashes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from preprocessing import Array, Columns, Definition

WHOLE = 2.0**64
"""A share of hashes is a share of this."""
MIN_SIDE_ROWS = 20
"""Rows that training and holdout need each: fewer say nothing about a model, whatever `min_rows` is."""


@dataclass(frozen=True)
class Split:
    """`holdout` is True for the rows held out; `cut` is the first time of the holdout when split by time."""

    holdout: NDArray[np.bool_]
    cut: np.datetime64 | None = None


def split_rows(definition: Definition, columns: Columns) -> Split:
    """Hold out a share of the rows (in the order of upload), as `training.split` of the definition says."""
    share, rows = definition.training.holdout, len(next(iter(columns.values())))
    if definition.training.split == "time":
        return split_by_time(columns[definition.time], share)
    if definition.training.split == "upload":
        return Split(np.arange(rows) >= rows - round(rows * share))
    return Split(row_hashes(columns, definition.key or tuple(definition.columns)) < np.uint64(share * WHOLE))


def split_by_time(times: Array, share: float) -> Split:
    """Hold out the newest share; rows of one time stay together, on the side that comes nearer to the share.

    >>> days = np.array(["2026-01-03", "2026-01-01", "2026-01-03", "2026-01-02"], "datetime64[us]")
    >>> split_by_time(days, 0.25).holdout.tolist()
    [True, False, True, False]
    """
    distinct, first_rows = np.unique(np.sort(times), return_index=True)
    if len(distinct) < 2:
        return Split(np.zeros(len(times), bool))
    held_out = len(times) - first_rows[1:]  # rows held out when the holdout begins at each time but the first
    cut = distinct[1:][np.argmin(np.abs(held_out - share * len(times)))]
    return Split(times >= cut, cut)


def row_shortfall(definition: Definition, columns: Columns, holdout: NDArray[np.bool_]) -> str:
    """Say in one sentence what is missing to learn from these rows; nothing if there is enough."""
    rows, held_out = len(holdout), int(holdout.sum())
    if rows < definition.training.min_rows:
        return f"there are {rows} rows, and {definition.training.min_rows} are needed (training.min_rows)"
    for purpose, count in (("hold out", held_out), ("learn from", rows - held_out)):
        if count < MIN_SIDE_ROWS:
            return f"there are {count} rows to {purpose}, and {MIN_SIDE_ROWS} are needed"
    name, target = definition.target, columns[definition.target]
    for side, values in (("training", target[~holdout]), ("holdout", target[holdout])):
        if (values == values[0]).all():
            is_regression = definition.task == "regression"
            value = f"{values[0]:g}" if is_regression else class_labels(definition.columns[name], values[:1])[0]
            return f"all {len(values)} {side} rows have the same {name}, {value}: there is nothing to tell apart"
    return ""
