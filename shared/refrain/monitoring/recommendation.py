"""What monitoring sees of a recommender in service: new interactions, and whether recommendations were taken.

A window is made of the interactions that were uploaded in it. They are compared with those of the training data:
shares of items and of what describes them (has the taste moved?), and of items that the version cannot recommend (has
the catalogue?).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from refrain.lake.interactions import ARRIVED, read_interactions
from refrain.lake.version import CatalogueItems
from refrain.monitoring.drift import LEAST_ROWS, drift
from refrain.monitoring.new_values import new_values
from refrain.monitoring.observed_predictions import MOST_REMEMBERED, Observation, of_this_service
from refrain.monitoring.recommendation_hits import HORIZON, count_hits
from refrain.monitoring.reference import Reference, references
from refrain.monitoring.window_report import MOST_LISTED, MOST_SHOWN, MOST_TOLD, moved_document, remembered
from refrain.monitoring.windows import gathered, is_long_enough, state_of
from refrain.recommendation.novelty import NEW, TURNOVER, mark_known_items
from refrain.statistics.clusters import clustered
from refrain.times import from_iso, to_datetime64, to_iso

if TYPE_CHECKING:
    from collections.abc import Container, Sequence
    from datetime import datetime

    from preprocessing import Array, Columns, Definition
    from refrain.aws.storage import Store
    from refrain.lake.monitoring_report import DriftState, MonitoringReport, PastWindow, WindowDocument
    from refrain.monitoring.served_version import Version
    from refrain.monitoring.windows import Window


def observe_interactions(
    store: Store,
    definition: Definition,
    version: Version,
    now: datetime,
    before: MonitoringReport | None,
    late: timedelta,
) -> Observation:
    """Read the interactions, and judge them once there are enough."""
    rules = definition.monitoring
    history = list(before["history"]) if before else []
    own = of_this_service(history, version)
    span = gathered(now, rules.window, version.since, from_iso(own[-1]["until"]) if own else None, rules.alarm[1], late)
    recommendations_since = max(version.since, now - timedelta(seconds=rules.quality) - HORIZON)
    interactions = read_interactions(store, definition, min(span.since, recommendations_since), now)
    waiting = _uploaded(interactions, span)
    count = len(waiting[ARRIVED])
    window = before["window"] if before and own else None
    if is_long_enough(span, rules.window) and count >= LEAST_ROWS:
        known = set(CatalogueItems.read(store, definition.model, version.name).items)
        window = report_interactions(version, definition, span, waiting, known, own)
        history = [*history, remembered(version, window, None)][-MOST_REMEMBERED:]
        own, count = of_this_service(history, version), 0
    state: DriftState = state_of([each["alarmed"] for each in own], *rules.alarm) if own else "not_judged"
    taken = count_hits(store, definition, version, interactions, recommendations_since, now)
    return Observation(version, window, count, taken["damaged"], None, history, state, taken)


def report_interactions(
    version: Version,
    definition: Definition,
    window: Window,
    interactions: Columns,
    known: Container[str],
    history: Sequence[PastWindow],
) -> WindowDocument:
    """Judge the interactions of a window; `known` are the items that the version can recommend.

    `definition` is the present one, whose rules for monitoring hold.
    """
    roles = definition.roles
    assert roles is not None, "only recommenders are looked at by interactions"
    values: dict[str, Array] = {**interactions, TURNOVER: mark_known_items(interactions[roles.item], known)}
    users = np.unique(interactions[roles.user].astype(str), return_inverse=True)[1]
    features = [each for each in _references(version, definition) if each.name in values]
    moved = drift(
        [(each, each.count(values[each.name])) for each in features],
        [],
        least_effect=definition.monitoring.least_effect,
        importance={},
        clusters={each.name: clustered(each.cells(values[each.name]), users) for each in features},
    )
    described = [each for each in features if each.name in roles.describe]
    return {
        "since": to_iso(window.since),
        "until": to_iso(window.until),
        "rows": len(values[TURNOVER]),
        "alarmed": any(each.drifted for each in moved),
        "estimated": None,
        "estimated_breaks_gate": False,
        "unfamiliar": float((values[TURNOVER] == NEW).mean()),
        "unfamiliar_features": {},
        "features": [
            moved_document(
                each, definition.monitoring.least_effect, to_iso(window.since), history, shown=place < MOST_SHOWN
            )
            for place, each in enumerate(moved[:MOST_TOLD])
        ],
        "features_tested": len(moved),
        "new_values": [
            {"feature": each.feature, "share": each.share, "expected": each.expected, "values": list(each.values)}
            for each in new_values(described, interactions)[:MOST_LISTED]
        ],
        "missing": [],
    }


def _references(version: Version, definition: Definition) -> list[Reference]:
    """Taste as it was in training; and how often the newest interactions of training were of items unknown before."""
    turnover = version.baseline.turnover
    assert turnover is not None, "a recommender's baseline has it"
    return [
        *references(version.baseline, definition.monitoring.ignore),
        Reference.of(TURNOVER, turnover.profile, turnover.rows),
    ]


def _uploaded(interactions: Columns, window: Window) -> dict[str, Array]:
    inside = (interactions[ARRIVED] >= to_datetime64(window.since)) & (
        interactions[ARRIVED] < to_datetime64(window.until)
    )
    return {name: array[inside] for name, array in interactions.items()}
