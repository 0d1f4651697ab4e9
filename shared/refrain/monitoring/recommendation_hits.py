"""Were the recommendations taken? An interaction of the same user that follows one is its label."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from preprocessing import is_missing
from refrain.lake.capture.recommendations import read_recommendations
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
    from refrain.lake.capture.recommendations import RecommendationRecord
    from refrain.lake.monitoring_report import HitsDocument
    from refrain.monitoring.served_version import Version

HORIZON = timedelta(hours=24)
"""An interaction within this time after a recommendation may be its doing."""

MIN_RECOMMENDATIONS = 30


def count_hits(
    store: Store, definition: Definition, version: Version, interactions: Columns, since: datetime, now: datetime
) -> HitsDocument:
    """Join the recommendations of a version whose horizon is over with the interactions that followed.

    It is answered when its user chose anything within the horizon, and taken when that was one of its items.
    """
    recommendations, damaged = read_recommendations(store, definition.model, since, now - HORIZON)
    own = [answer for answer in recommendations if answer.version == version.name and answer.user is not None]
    taken, answered = followed(own, definition, interactions)
    figure = None
    if answered >= MIN_RECOMMENDATIONS:
        low, high = wilson(taken / answered, answered)
        figure = figure_document(Figure(taken / answered, low, high, answered))
    popular = sum(answer.popular for answer in own) / max(len(own), 1)
    return {
        "since": to_iso(since),
        "recommendations": len(own),
        "answered": answered,
        "taken": taken,
        "rate": figure,
        "popular": popular,
        "damaged": damaged,
    }


def followed(
    recommendations: Sequence[RecommendationRecord], definition: Definition, interactions: Columns
) -> tuple[int, int]:
    """Count the recommendations of which an item was chosen within the horizon, and those after which anything was."""
    roles = definition.roles
    assert roles is not None, "only recommenders make recommendations"
    when = interactions[definition.time] if definition.time else interactions[ARRIVED]
    of_user: dict[str, list[tuple[np.datetime64, str]]] = {}
    for user, item, time, absent in zip(
        interactions[roles.user], interactions[roles.item], when, is_missing(when), strict=True
    ):
        if not absent:
            of_user.setdefault(user, []).append((time, item))
    taken = answered = 0
    horizon = np.timedelta64(HORIZON)
    for answer in recommendations:
        after = {
            item for time, item in of_user.get(str(answer.user), ()) if answer.time < time <= answer.time + horizon
        }
        answered += bool(after)
        taken += not after.isdisjoint(answer.items)
    return taken, answered
