"""The traffic of a recommender: the interactions that were uploaded, and whether recommendations were taken.

An interaction of the same user that follows a recommendation is its label.

A window is made of the interactions that were uploaded in it. They are held against those of training: by the shares of
items and of what describes them (has taste changed?), and by the share of items that training lacks (has the catalogue
changed?).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from preprocessing import is_missing
from refrain.lake.capture.recommendations import HORIZON, read_recommendations
from refrain.lake.interactions import ARRIVED, read_interactions
from refrain.lake.quality_figures import Estimate, RecommendationHits
from refrain.lake.version import CatalogueItems
from refrain.monitoring.drift import compare_distributions
from refrain.monitoring.reference import Reference, feature_references
from refrain.monitoring.window_report import new_values, report_window
from refrain.monitoring.windows import Traffic
from refrain.recommendation.catalogue import NEW, TURNOVER, mark_known_items
from refrain.statistics.design_effect import cluster_design_effect
from refrain.statistics.intervals import wilson_interval
from refrain.statistics.shifts import Floors
from refrain.times import to_datetime64, to_iso

if TYPE_CHECKING:
    from collections.abc import Container, Sequence
    from datetime import datetime

    from preprocessing import Array, Columns, RecommenderDefinition
    from refrain.aws.storage import Store
    from refrain.lake.capture.recommendations import RecommendationRecord
    from refrain.lake.judged_window import JudgedWindow, PastWindow
    from refrain.monitoring.served_version import ServedVersion
    from refrain.monitoring.windows import Window

MIN_ANSWERED_RECOMMENDATIONS = 30


def read_recommender_traffic(
    store: Store, definition: RecommenderDefinition, version: ServedVersion, window: Window, now: datetime
) -> Traffic:
    """Read the interactions that wait to be judged, and count the recommendations that were taken."""
    recommended_since = max(version.since, now - timedelta(seconds=definition.monitoring.quality) - HORIZON)
    interactions = read_interactions(store, definition, min(window.since, recommended_since), now)
    waiting = _uploaded_in(window, interactions)
    hits = _read_hits(store, definition, version.name, interactions, recommended_since, now)

    def judge(past: Sequence[PastWindow]) -> JudgedWindow:
        learned = set(CatalogueItems.read(store, definition.model, version.name).learned)
        return judge_interactions(version, definition, window, waiting, learned, past)

    return Traffic(rows=len(waiting[ARRIVED]), damaged=hits.damaged, judge=judge, hits=hits)


def judge_interactions(
    version: ServedVersion,
    definition: RecommenderDefinition,
    window: Window,
    interactions: Columns,
    learned: Container[str],
    past: Sequence[PastWindow],
) -> JudgedWindow:
    """Judge the interactions of a window; `learned` are the items that the training rows have.

    `definition` is the present one, whose rules for monitoring apply.
    """
    roles, rules = definition.roles, definition.monitoring
    values: dict[str, Array] = {**interactions, TURNOVER: mark_known_items(interactions[roles.item], learned)}
    users = np.unique(interactions[roles.user].astype(str), return_inverse=True)[1]
    references = [reference for reference in _references(version, rules.ignore) if reference.name in values]
    counts = [(reference, reference.count(values[reference.name])) for reference in references]
    cells = {reference.name: reference.cells(values[reference.name]) for reference in references}
    clusters = {name: cluster_design_effect(of_rows, users) for name, of_rows in cells.items()}
    tests = compare_distributions(counts, [], floors=Floors.of(rules), importance={}, clusters=clusters)
    descriptions = [reference for reference in references if reference.name in roles.describe]
    judged = report_window(window, len(values[TURNOVER]), tests, past)
    unfamiliar = float((values[TURNOVER] == NEW).mean())
    new = {reference.name: reference.new_values(values[reference.name]) for reference in descriptions}
    return replace(judged, unfamiliar=unfamiliar, new_values=new_values(descriptions, new, judged.rows))


def _references(version: ServedVersion, ignore: Sequence[str]) -> list[Reference]:
    """Read the shares of training, and how often its newest interactions were with items unknown before."""
    turnover = version.baseline.turnover
    novelty = [Reference.of(TURNOVER, turnover.profile, turnover.rows)] if turnover else []
    return [*feature_references(version.baseline, ignore), *novelty]


def _uploaded_in(window: Window, interactions: Columns) -> dict[str, Array]:
    arrived = interactions[ARRIVED]
    inside = (arrived >= to_datetime64(window.since)) & (arrived < to_datetime64(window.until))
    return {name: values[inside] for name, values in interactions.items()}


def _read_hits(
    store: Store, definition: RecommenderDefinition, version: str, interactions: Columns, since: datetime, now: datetime
) -> RecommendationHits:
    """Join a version's recommendations since a time, if their horizon is over, with the interactions that followed.

    A recommendation is answered when its user interacted with any item within the horizon, and taken when that was one
    of its own items.
    """
    captured, damaged = read_recommendations(store, definition.model, since, now - HORIZON)
    recommendations = [answer for answer in captured if answer.version == version and answer.user is not None]
    taken, answered = _count_hits(recommendations, definition, interactions)
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


def _count_hits(
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
    for answer in recommendations:
        first, last = answer.time, answer.time + np.timedelta64(HORIZON)
        items_after = {item for time, item in of_user.get(str(answer.user), ()) if first < time <= last}
        answered += bool(items_after)
        taken += not items_after.isdisjoint(answer.items)
    return taken, answered
