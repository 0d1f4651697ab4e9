"""Were the offers taken? A play that follows an offer to the same user is its label."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from preprocessing import is_missing
from refrain.lake.capture.recommendations_reading import read_recommendations
from refrain.lake.interactions import ARRIVED
from refrain.monitoring.window_report import figure_document
from refrain.statistics.estimate import Figure
from refrain.statistics.intervals import wilson
from refrain.times import to_iso

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from preprocessing import Columns, Definition
    from refrain.aws.storage import Store
    from refrain.lake.capture.recommendations_reading import AnsweredRecommendation
    from refrain.lake.monitoring_report import HitsDocument
    from refrain.monitoring.served_version import Version

HORIZON = timedelta(hours=24)
"""A play within this time after an offer may be its doing."""

LEAST_OFFERS = 30


def count_hits(
    store: Store, definition: Definition, version: Version, plays: Columns, since: datetime, now: datetime
) -> HitsDocument:
    """Join the offers of a version since a moment, as far as their horizon is over, with the plays that followed.

    An offer is answered when its user played anything within the horizon, and taken when that was one of its items.
    """
    offered, damaged = read_recommendations(store, definition.model, since, now - HORIZON)
    own = [offer for offer in offered if offer.version == version.name and offer.user is not None]
    taken, answered = followed(own, definition, plays)
    figure = None
    if answered >= LEAST_OFFERS:
        low, high = wilson(taken / answered, answered)
        figure = figure_document(Figure(taken / answered, low, high, answered))
    popular = sum(offer.popular for offer in own) / max(len(own), 1)
    return {
        "since": to_iso(since),
        "offers": len(own),
        "answered": answered,
        "taken": taken,
        "rate": figure,
        "popular": popular,
        "damaged": damaged,
    }


def followed(offers: Sequence[AnsweredRecommendation], definition: Definition, plays: Columns) -> tuple[int, int]:
    """Count the offers of which an item was played within the horizon, and those after which anything was."""
    roles = definition.roles
    assert roles is not None, "only recommenders make offers"
    when = plays[definition.time] if definition.time else plays[ARRIVED]
    of_user: dict[str, list[tuple[np.datetime64, str]]] = {}
    for user, item, time, absent in zip(plays[roles.user], plays[roles.item], when, is_missing(when), strict=True):
        if not absent:
            of_user.setdefault(user, []).append((time, item))
    taken = answered = 0
    horizon = np.timedelta64(HORIZON)
    for offer in offers:
        after = {item for time, item in of_user.get(str(offer.user), ()) if offer.time < time <= offer.time + horizon}
        answered += bool(after)
        taken += not after.isdisjoint(offer.items)
    return taken, answered
