"""How popular items are: one measure for the floor of evaluation, for `Popularity`, and for unknown users.

An item counts its users, and each user counts half after a half-life. Weights do not count: with seconds or numbers of
plays as weights, one busy user would lead the list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from preprocessing import RecommenderDefinition

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


def floor_half_life(definition: RecommenderDefinition) -> float | None:
    """Return the half-life of the floor: that of the definition's first `Popularity`, so that both are one model.

    One that is no number of days is None: its candidate is refused, and the others need a floor.
    """
    popular = [item for item in definition.training.candidates if item.estimator.endswith(".Popularity")]
    days = popular[0].parameters.get("half_life_days") if popular else None
    return float(days) if isinstance(days, int | float) and days > 0 else None
