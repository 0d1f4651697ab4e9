"""Rows gathered to pairs of user and item: what estimators learn from, and what the popularity of items counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from preprocessing import Columns, Definition, RecommenderDefinition

SECONDS_PER_MICROSECOND = 1e-6


@dataclass(frozen=True)
class UserItemPairs:
    """Pairs by codes of user and item, with the sum of their rows' weights and the time of the newest one.

    Times are epoch seconds, NaN without a time column; `now` is the newest of all.
    """

    users: NDArray[np.int64]
    items: NDArray[np.int64]
    weights: NDArray[np.float64]
    times: NDArray[np.float64]
    now: float


def gather_pairs(definition: RecommenderDefinition, rows: Columns, items: NDArray[np.int64]) -> UserItemPairs:
    """Gather the rows that have a weight, ordered by user and item; `items` are the codes of their items."""
    roles = definition.roles
    weights = rows[roles.weight] if roles.weight else np.ones(len(items))
    counted = weights > 0
    width = int(items.max(initial=0)) + 1
    users = np.unique(rows[roles.user][counted].astype(str), return_inverse=True)[1]
    pairs, pair_of_row = np.unique(users * width + items[counted], return_inverse=True)
    times = np.full(len(pairs), np.nan if not definition.time else -np.inf)
    if definition.time:
        np.maximum.at(times, pair_of_row, interaction_times(definition, rows)[counted] * SECONDS_PER_MICROSECOND)
    sums = np.bincount(pair_of_row, weights[counted], len(pairs))
    return UserItemPairs(*np.divmod(pairs, width), sums, times, float(times.max(initial=-np.inf)))


def interaction_times(definition: Definition, columns: Columns) -> NDArray[np.int64]:
    """Return the time of each row in whole microseconds; 0 where the definition has no time."""
    if not definition.time:
        return np.zeros(len(next(iter(columns.values()))), np.int64)
    return columns[definition.time].astype("datetime64[us]").astype(np.int64)
