"""The newest interactions of each user: those that a recommender is judged by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from refrain.statistics.hashing import WHOLE, rehash, row_hashes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from preprocessing import Columns, RecommenderDefinition


def mark_newest(definition: RecommenderDefinition, columns: Columns) -> NDArray[np.bool_]:
    """Mark the newest share of each user's rows, but never all of them; split by hash, a share of user and item pairs.

    Where a user's share is not a whole number, it is rounded up or down by a hash of the user.
    """
    roles, share = definition.roles, definition.training.holdout
    if definition.training.split == "hash":
        return np.asarray(rehash(row_hashes(columns, definition.identity)) < np.uint64(share * WHOLE))
    rows = len(columns[roles.user])
    times = columns[definition.time] if definition.training.split == "time" else np.arange(rows)
    names, users, counts = np.unique(columns[roles.user].astype(str), return_inverse=True, return_counts=True)
    order = np.lexsort((np.arange(rows), times, users))
    from_the_end = np.empty(rows, np.int64)
    from_the_end[order] = np.cumsum(counts)[users[order]] - 1 - np.arange(rows)
    rounding = row_hashes({roles.user: names.astype(object)}, (roles.user,)) / WHOLE
    held_out = np.minimum(np.floor(counts * share + rounding), counts - 1)
    return np.asarray(from_the_end < held_out[users])
