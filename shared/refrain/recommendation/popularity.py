"""How popular items are: one measure for the floor of evaluation, for `Popularity`, and for unknown users.

An item counts its users, and each user counts half after a half-life. Weights do not count: with seconds or numbers of
plays as weights, one busy user would lead the list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from refrain.recommendation.catalogue import order_by_popularity
from refrain.recommendation.user_item_pairs import gather_pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from preprocessing import Columns, RecommenderDefinition
    from refrain.recommendation.holdout_questions import Codes, Questions

DAY = 86_400.0
MIN_DECAY = 2.0**-60
"""Users never decay to nothing: an item would fall behind items that nobody ever chose."""


def halve_with_age(times: NDArray[np.float64], now: float, half_life_days: float | None) -> NDArray[np.float64]:
    """Return how much pairs of user and item still count: half as much after each half-life; 1 without a time.

    >>> halve_with_age(np.array([0.0, DAY]), DAY, half_life_days=1).tolist()
    [0.5, 1.0]
    """
    if half_life_days is None:
        return np.ones(len(times))
    if not half_life_days > 0:
        raise ValueError(f"a half-life must be more than 0 days, not {half_life_days}")
    age = np.nan_to_num((now - times) / DAY, nan=0.0)
    return np.asarray(np.maximum(0.5 ** (age / half_life_days), MIN_DECAY))


def user_shares(items: NDArray[np.integer], counts: NDArray[np.float64], size: int) -> NDArray[np.float32]:
    """Return each item's share of all pairs of user and item, float32 [size].

    `items` are the codes of the pairs, and `counts` how much each pair counts.
    """
    sums = np.bincount(items, counts, size)
    return (sums / max(sums.sum(), np.finfo(np.float64).tiny)).astype(np.float32)


def rank_popular(definition: RecommenderDefinition, training: Columns, asked: Questions, length: int) -> Codes:
    """Rank for each user the items of training outside the history, as `Popularity` does: [users, length]."""
    size = len(asked.items)
    codes = np.searchsorted(asked.items, training[definition.roles.item].astype(str))
    pairs = gather_pairs(definition, training, codes)
    shares = user_shares(pairs.items, halve_with_age(pairs.times, pairs.now, floor_half_life(definition)), size)
    order = np.array(order_by_popularity(asked.items, asked.interactions), np.int64)
    order = order[np.argsort(-shares[order], kind="stable")]
    order = order[asked.interactions[order] > 0]
    ranked = np.full((len(asked), length), -1, np.int64)
    for row, seen in zip(ranked, asked.seen, strict=True):
        popular = order[: length + len(seen)]
        fresh = popular[~np.isin(popular, seen)][:length]
        row[: len(fresh)] = fresh
    return ranked


def floor_half_life(definition: RecommenderDefinition) -> float | None:
    """Return the half-life of the floor: that of the definition's first `Popularity`, so that both are one model.

    One that is no number of days is None: its candidate is refused, and the others need a floor.
    """
    popular = [item for item in definition.training.candidates if item.estimator.endswith(".Popularity")]
    days = popular[0].parameters.get("half_life_days") if popular else None
    return float(days) if isinstance(days, int | float) and days > 0 else None
