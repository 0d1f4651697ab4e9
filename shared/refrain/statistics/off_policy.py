"""What other lists would have been worth, estimated from lists that were logged with the chances of their items.

An item counts as taken when its user chooses it soon after. Whether that happens depends on user and item, and not on
the item's place or neighbours. An offered item that another list also has stands for all the times that it was not
offered: it weighs 1 / chance (self-normalised inverse propensities: Swaminathan & Joachims 2015). A reward model
narrows the interval without a bias, since weighted residuals correct it (doubly robust: Dudík, Langford & Li 2011).
It is fitted without the users that it answers for (Chernozhukov et al. 2018).

Few items with large weights are taken, and often none is. Their residuals alone would then show too little noise. So an
interval is at least as wide as the noise that the reward model expects of the weighted offers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from refrain.statistics.intervals import NORMAL_95, Interval, mean_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from refrain.arrays import Floats

CONFIDENCE = 0.95
FOLDS = 5
RIDGE = 1.0
MIN_COVERED = 0.9
"""The share of the other lists' items that could have been offered. With less, too little is known of the rest."""

MIN_TAKEN = 20
"""Offered items of the other lists that were taken; fewer make no interval that holds."""

MIN_EFFECTIVE_OFFERS = 200


@dataclass(frozen=True)
class Offers:
    """The offered items of all logged lists: the list of each, its chance in (0, 1], and 1.0 where it was taken."""

    lists: NDArray[np.int64]
    chances: Floats
    taken: Floats
    features: Floats


@dataclass(frozen=True)
class OtherLists:
    """The items of other lists: the list of each, and its place among the offers, -1 where it was not offered."""

    lists: NDArray[np.int64]
    offers: NDArray[np.int64]
    features: Floats


class Worth(NamedTuple):
    """The share of items that would be taken, with its 95 % interval."""

    value: float
    interval: Interval


class OffPolicy(NamedTuple):
    """What logged lists say of others: by both estimators, None where they do not say enough.

    `covered` estimates the share of the other lists' items that could have been offered; of the offers, `effective`
    ones would say as much if all weighed the same.
    """

    covered: float
    effective: float
    inverse_propensity: Worth | None = None
    doubly_robust: Worth | None = None


def judge_lists(offers: Offers, wanted: OtherLists, users: NDArray[np.int64]) -> OffPolicy:
    """Estimate the share of items of other lists that would be taken; `users` [lists] has the user of each list."""
    shown = wanted.offers >= 0
    at = wanted.offers[shown]
    weights, taken = 1 / offers.chances[at], offers.taken[at]
    covered = min(1.0, float(weights.sum() / max(len(shown), 1)))
    effective = float(weights.sum() ** 2 / (weights**2).sum()) if len(weights) else 0.0
    if covered < MIN_COVERED or effective < MIN_EFFECTIVE_OFFERS or taken.sum() < MIN_TAKEN:
        return OffPolicy(covered, effective)
    of_offers, of_others = _expected(offers, wanted, users)
    rate = float(weights @ taken / weights.sum())
    chance = np.clip(of_offers[at], rate / 2, 1.0)
    noise = float(np.sqrt((weights**2 * chance * (1 - chance)).sum()) / weights.sum())

    def worth(expected: Floats, residuals: Floats) -> Worth:
        """Add the mean of what is expected of all items and the weighted mean of the residuals of those shown."""
        base, correction = float(expected.mean()), float(weights @ residuals / weights.sum())
        influence = np.bincount(wanted.lists, (expected - base) / len(expected), len(users))
        influence += np.bincount(wanted.lists[shown], weights * (residuals - correction) / weights.sum(), len(users))
        interval = mean_interval(influence * len(users), users, CONFIDENCE)
        half = max(interval.high, NORMAL_95 * noise)
        return Worth(base + correction, Interval(base + correction - half, base + correction + half))

    plain, robust = worth(np.zeros(len(shown)), taken), worth(of_others, taken - of_offers[at])
    return OffPolicy(covered, effective, plain, robust)


def _expected(offers: Offers, wanted: OtherLists, users: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Predict whether each offered item and each item of the other lists is taken, by models of other users.

    Ridge regression, in which rare offers weigh more, as they do in the correction.
    """
    offered, asked = (np.column_stack([side.features, np.ones(len(side.lists))]) for side in (offers, wanted))
    fold_of_list = np.unique(users, return_inverse=True)[1] % FOLDS
    expected = np.zeros(len(offered)), np.zeros(len(asked))
    for fold in range(FOLDS):
        learned = fold_of_list[offers.lists] != fold
        weighed = offered[learned] / offers.chances[learned, np.newaxis]
        square = weighed.T @ offered[learned] + RIDGE * np.eye(offered.shape[1])
        model = np.linalg.solve(square, weighed.T @ offers.taken[learned])
        for predicted, lists, rows in zip(expected, (offers.lists, wanted.lists), (offered, asked), strict=True):
            chosen = fold_of_list[lists] == fold
            predicted[chosen] = rows[chosen] @ model
    return expected
