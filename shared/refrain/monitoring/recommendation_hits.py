"""Were recommendations taken? An interaction of the same user that follows a recommendation is its label."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from preprocessing import is_missing
from refrain.lake.capture.recommendations import read_recommendations
from refrain.lake.interactions import ARRIVED
from refrain.lake.monitoring_report import Estimate, RecommendationHits
from refrain.statistics.intervals import wilson_interval
from refrain.times import to_iso

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from preprocessing import Columns, RecommenderDefinition
    from refrain.aws.storage import Store
    from refrain.lake.capture.recommendations import RecommendationRecord

HORIZON = timedelta(hours=24)
"""An interaction within this time after a recommendation counts as its effect."""

MIN_ANSWERED_RECOMMENDATIONS = 30


def read_hits(
    store: Store, definition: RecommenderDefinition, version: str, interactions: Columns, since: datetime, now: datetime
) -> RecommendationHits:
    """Join a version's recommendations since a time, if their horizon is over, with the interactions that followed.

    A recommendation is answered when its user interacted with any item within the horizon, and taken when that was one
    of its own items.
    """
    captured, damaged = read_recommendations(store, definition.model, since, now - HORIZON)
    recommendations = [answer for answer in captured if answer.version == version and answer.user is not None]
    taken, answered = count_hits(recommendations, definition, interactions)
    rate = None
    if answered >= MIN_ANSWERED_RECOMMENDATIONS:
        rate = Estimate(taken / answered, *wilson_interval(taken / answered, answered), answered)
    return RecommendationHits(
        since=to_iso(since),
        recommendations=len(recommendations),
        answered=answered,
        taken=taken,
        rate=rate,
        popular=sum(answer.popular for answer in recommendations) / max(len(recommendations), 1),
        damaged=damaged,
    )


def count_hits(
    recommendations: Sequence[RecommendationRecord], definition: RecommenderDefinition, interactions: Columns
) -> tuple[int, int]:
    """Count the recommendations that were taken, and those that were answered at all, within the horizon."""
    users, items = interactions[definition.roles.user], interactions[definition.roles.item]
    times = interactions[definition.time or ARRIVED]
    of_user: dict[str, list[tuple[np.datetime64, str]]] = {}
    for user, item, time, missing in zip(users, items, times, is_missing(times), strict=True):
        if not missing:
            of_user.setdefault(user, []).append((time, item))
    taken = answered = 0
    horizon = np.timedelta64(HORIZON)
    for answer in recommendations:
        first, last = answer.time, answer.time + horizon
        items_after = {item for time, item in of_user.get(str(answer.user), ()) if first < time <= last}
        answered += bool(items_after)
        taken += not items_after.isdisjoint(answer.items)
    return taken, answered
