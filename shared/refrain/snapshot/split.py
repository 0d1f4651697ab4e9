"""Which rows are held out to judge on. Not by chance: the same rows are split the same way in every run.

A row that a champion was trained on must not be held out in a later run, or the champion would be judged on what it
knows by heart. By time and by upload the newest rows are held out; by hash a row stays on its side for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from refrain.statistics.hashing import row_hashes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from preprocessing import Array, Columns, Definition

_WHOLE = 2.0**64


@dataclass(frozen=True)
class Split:
    """`holdout` is True for the rows held out; `cut` is the first time of the holdout when split by time."""

    holdout: NDArray[np.bool_]
    cut: np.datetime64 | None = None


def split(definition: Definition, columns: Columns) -> Split:
    """Hold out a share of the rows (given in the order of upload), as `training.split` of the definition says.

    Of a recommendation it is a share of each user's rows.
    """
    share = definition.training.holdout
    if definition.roles:
        return by_user(definition, columns, share)
    if definition.training.split == "time":
        return by_time(columns[definition.time], share)
    rows = len(next(iter(columns.values())))
    if definition.training.split == "upload":
        return Split(np.arange(rows) >= rows - round(rows * share))
    return Split(row_hashes(columns, definition.key or tuple(definition.columns)) < np.uint64(share * _WHOLE))


def by_time(times: Array, share: float) -> Split:
    """Hold out the newest share; rows of one moment stay together, on the side that comes nearer to the share.

    >>> days = np.array(["2026-01-03", "2026-01-01", "2026-01-03", "2026-01-02"], "datetime64[us]")
    >>> by_time(days, 0.25).holdout.tolist()
    [True, False, True, False]
    """
    moments, first = np.unique(np.sort(times), return_index=True)
    if len(moments) < 2:
        return Split(np.zeros(len(times), bool))
    held = len(times) - first[1:]  # rows held out when the holdout begins at each moment but the first
    cut = moments[1:][np.argmin(np.abs(held - share * len(times)))]
    return Split(times >= cut, cut)


def by_user(definition: Definition, columns: Columns, share: float) -> Split:
    """Hold out the newest share of each user's rows, but never all of them; or a share by hash.

    A part of a row is rounded up for as many users as it says, chosen by a hash. By hash of rows all rows of one item
    by one user are on the same side.
    """
    roles = definition.roles
    assert roles is not None, "only recommendations are split by user"
    if definition.training.split == "hash":
        return Split(row_hashes(columns, (roles.user, roles.item)) < np.uint64(share * _WHOLE))
    rows = len(columns[roles.user])
    times = columns[definition.time] if definition.training.split == "time" else np.arange(rows)
    names, users, many = np.unique(columns[roles.user].astype(str), return_inverse=True, return_counts=True)
    order = np.lexsort((np.arange(rows), times, users))
    from_the_end = np.empty(rows, np.int64)
    from_the_end[order] = np.cumsum(many)[users[order]] - 1 - np.arange(rows)
    rounding = row_hashes({roles.user: names.astype(object)}, (roles.user,)) / _WHOLE
    held = np.minimum(np.floor(many * share + rounding), many - 1)
    return Split(from_the_end < held[users])
