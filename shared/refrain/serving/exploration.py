"""Exploration: a few slots of a list go to items just below it, so that what was not offered can be judged, too.

With the chance of each offered item, logged lists say what another recommender would have been worth (see
`statistics.off_policy`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from refrain.statistics.hashing import text_hashes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from refrain.model.recommendation import Recommendation
    from refrain.recommendation.recommendation_request import RecommendationRequest

ITEMS_BELOW = 3
"""For each item of a list, so many items below it may take a slot: more say more of other lists, and less of each."""


def may_explore(request: RecommendationRequest) -> bool:
    """Tell whether a list can be judged later: it is unfiltered, and for a user with the stored history."""
    is_plain = request.exclude_seen and not request.exclude and not request.within
    return request.user is not None and request.history is None and is_plain


def ask_for_more(requests: Sequence[RecommendationRequest], explores: Sequence[bool]) -> list[RecommendationRequest]:
    """Ask for the items below the lists that explore, too."""
    return [
        replace(request, k=request.k * (1 + ITEMS_BELOW)) if explore else request
        for request, explore in zip(requests, explores, strict=True)
    ]


def explore_list(longer: Recommendation, k: int, share: float, identity: str) -> Recommendation:
    """Cut a list to `k` items, and let each slot explore with a chance of `share`; the same id makes the same list.

    The items below the list are as likely as each other, and none is offered twice. `propensities` are the chances that
    the list has the item: 1 - share for its own, share · k / items below for those. A list that has fewer than `k`
    items below it does not explore.
    """
    below = len(longer.items) - k
    if below < k:
        items = longer.items[:k]
        return replace(longer, items=items, scores=longer.scores[:k], propensities=[1.0] * len(items))
    draw = np.random.default_rng(int(text_hashes([identity])[0]))
    explored = draw.random(k) < share
    ranks = np.where(explored, k + draw.permutation(below)[:k], np.arange(k)).tolist()
    chances = np.where(explored, share * k / below, 1 - share).tolist()
    return replace(
        longer,
        items=[longer.items[rank] for rank in ranks],
        scores=[longer.scores[rank] for rank in ranks],
        propensities=chances,
    )
