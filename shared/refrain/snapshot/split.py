"""Which rows are held out to judge by. The split is not random: every run splits the same rows in the same way.

If a later run held out a row that the champion was trained on, the champion would be judged on what it knows by heart.
By time and by upload the newest rows are held out; by hash a row stays on its side for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from refrain.statistics.hashing import row_hashes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from preprocessing import Array, Columns, Definition

WHOLE = 2.0**64
"""A share of hashes is a share of this."""


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
