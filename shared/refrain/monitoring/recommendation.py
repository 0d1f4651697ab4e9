"""The traffic of a recommender: the interactions that were uploaded, and whether recommendations were taken.

A window is made of the interactions that were uploaded in it. They are held against those of training: by the shares of
items and of what describes them (has taste changed?), and by the share of items that the version cannot recommend (has
the catalogue changed?).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from refrain.lake.interactions import ARRIVED, read_interactions
from refrain.lake.version import CatalogueItems
from refrain.monitoring.drift import compare_distributions
from refrain.monitoring.new_values import new_values
from refrain.monitoring.recommendation_hits import HORIZON, read_hits
from refrain.monitoring.reference import Reference, feature_references
from refrain.monitoring.window_report import report_window
from refrain.monitoring.windows import Traffic
from refrain.recommendation.catalogue import NEW, TURNOVER, mark_known_items
from refrain.statistics.design_effect import cluster_design_effect
from refrain.times import to_datetime64

if TYPE_CHECKING:
    from collections.abc import Container, Sequence
    from datetime import datetime

    from preprocessing import Array, Columns, RecommenderDefinition
    from refrain.aws.storage import Store
    from refrain.lake.monitoring_report import JudgedWindow, PastWindow
    from refrain.monitoring.served_version import ServedVersion
    from refrain.monitoring.windows import Window


def read_recommender_traffic(
    store: Store, definition: RecommenderDefinition, version: ServedVersion, window: Window, now: datetime
) -> Traffic:
    """Read the interactions that wait to be judged, and count the recommendations that were taken."""
    recommended_since = max(version.since, now - timedelta(seconds=definition.monitoring.quality) - HORIZON)
    interactions = read_interactions(store, definition, min(window.since, recommended_since), now)
    waiting = _uploaded_in(window, interactions)
    hits = read_hits(store, definition, version.name, interactions, recommended_since, now)

    def judge(past: Sequence[PastWindow]) -> JudgedWindow:
        catalogue = set(CatalogueItems.read(store, definition.model, version.name).items)
        return judge_interactions(version, definition, window, waiting, catalogue, past)

    return Traffic(rows=len(waiting[ARRIVED]), damaged=hits.damaged, judge=judge, hits=hits)


def judge_interactions(
    version: ServedVersion,
    definition: RecommenderDefinition,
    window: Window,
    interactions: Columns,
    catalogue: Container[str],
    past: Sequence[PastWindow],
) -> JudgedWindow:
    """Judge the interactions of a window; `catalogue` are the items that the version can recommend.

    `definition` is the present one, whose rules for monitoring apply.
    """
    roles, rules = definition.roles, definition.monitoring
    values: dict[str, Array] = {**interactions, TURNOVER: mark_known_items(interactions[roles.item], catalogue)}
    users = np.unique(interactions[roles.user].astype(str), return_inverse=True)[1]
    references = [reference for reference in _references(version, rules.ignore) if reference.name in values]
    tests = compare_distributions(
        [(reference, reference.count(values[reference.name])) for reference in references],
        [],
        least_effect=rules.least_effect,
        importance={},
        clusters={
            reference.name: cluster_design_effect(reference.cells(values[reference.name]), users)
            for reference in references
        },
    )
    descriptions = [reference for reference in references if reference.name in roles.describe]
    judged = report_window(window, len(values[TURNOVER]), tests, rules.least_effect, past)
    unfamiliar = float((values[TURNOVER] == NEW).mean())
    return replace(judged, unfamiliar=unfamiliar, new_values=new_values(descriptions, interactions))


def _references(version: ServedVersion, ignore: Sequence[str]) -> list[Reference]:
    """Read the shares of training, and how often its newest interactions were with items unknown before."""
    turnover = version.baseline.turnover
    novelty = [Reference.of(TURNOVER, turnover.profile, turnover.rows)] if turnover else []
    return [*feature_references(version.baseline, ignore), *novelty]


def _uploaded_in(window: Window, interactions: Columns) -> dict[str, Array]:
    arrived = interactions[ARRIVED]
    inside = (arrived >= to_datetime64(window.since)) & (arrived < to_datetime64(window.until))
    return {name: values[inside] for name, values in interactions.items()}
