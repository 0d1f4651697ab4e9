"""What can be observed of the version in service, by the same steps for every kind of model.

The kinds differ in their traffic: predictions and their labels, or interactions and the recommendations before them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from preprocessing import RecommenderDefinition
from refrain.lake.deployment import Deployment
from refrain.lake.judged_window import PastWindow
from refrain.lake.monitoring_report import MonitoringReport
from refrain.monitoring.drift import MIN_TESTED_ROWS
from refrain.monitoring.observed_predictions import read_prediction_traffic
from refrain.monitoring.recommendation import read_recommender_traffic
from refrain.monitoring.served_version import read_served_version
from refrain.monitoring.windows import drift_state, hour_length, is_long_enough, waiting_window
from refrain.times import from_iso, hour_start, to_iso

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from preprocessing import Definition
    from refrain.aws.storage import Store
    from refrain.lake.judged_window import JudgedWindow
    from refrain.lake.monitoring_report import DriftState
    from refrain.monitoring.served_version import ServedVersion
    from refrain.monitoring.windows import Traffic, Window

MAX_PAST_WINDOWS = 60


def observe(
    store: Store,
    definition: Definition,
    before: MonitoringReport | None,
    now: datetime,
    delivery: timedelta,
    end: float,
) -> MonitoringReport:
    """Report how the champion does, as far as it can be observed; nothing is decided yet.

    The traffic since the last judged window is judged once there is enough of it. No further file of captured lines is
    read once the monotonic clock says `end`.
    """
    rules = definition.monitoring
    report = MonitoringReport(
        model=definition.model,
        time=to_iso(now),
        alarm=rules.alarm,
        least_shift=rules.least_shift,
        least_points=rules.least_points,
        history=before.history if before else (),
        last_start=before.last_start if before else None,
    )
    deployment = Deployment.read(store, definition.model)
    if deployment.champion is None:
        return report
    version = read_served_version(store, definition.model, deployment.champion)
    report = replace(report, version=version.name, served_since=to_iso(version.since))
    past = report.own_windows
    judged_until = from_iso(past[-1].until) if past else None
    window = waiting_window(now, rules.window, version.since, judged_until, rules.alarm[1], delivery)
    traffic = _read_traffic(store, definition, version, window, now, end)
    report = replace(
        report,
        evaluated=version.evaluated_quality(definition),
        window=before.window if before and past else None,
        waiting=traffic.rows,
        damaged=traffic.damaged,
        waiting_files=traffic.waiting_files,
        quality=traffic.quality,
        coverage=traffic.coverage,
        hits=traffic.hits,
    )
    counted = replace(window, since=hour_start(window.since, hour_length(rules.window)))
    if is_long_enough(counted, rules.window) and traffic.rows >= MIN_TESTED_ROWS and not traffic.waiting_files:
        report = _with_window(report, traffic.judge(past))
    return replace(report, state=_state(report))


def _read_traffic(
    store: Store, definition: Definition, version: ServedVersion, window: Window, now: datetime, end: float
) -> Traffic:
    if isinstance(definition, RecommenderDefinition):
        return read_recommender_traffic(store, definition, version, window, now)
    return read_prediction_traffic(store, definition, version, window, now, end)


def _with_window(report: MonitoringReport, window: JudgedWindow) -> MonitoringReport:
    """Add a judged window, and what later reports need of it."""
    past = PastWindow(
        version=report.version or "",
        since=window.since,
        until=window.until,
        rows=window.rows,
        alarmed=window.alarmed,
        drifted=tuple(distribution.name for distribution in window.distributions if distribution.drifted),
        effects={distribution.name: round(distribution.effect, 6) for distribution in window.distributions},
        estimated=window.estimated,
        measured=report.quality.measured if report.quality else None,
        unfamiliar=window.unfamiliar,
        estimated_breaks_gate=window.estimated_breaks_gate,
        held=report.coverage.held if report.coverage else None,
    )
    return replace(report, window=window, waiting=0, history=(*report.history, past)[-MAX_PAST_WINDOWS:])


def _state(report: MonitoringReport) -> DriftState:
    state = drift_state([past.alarmed for past in report.own_windows], *report.alarm)
    quality = report.quality
    if state in ("steady", "not_judged") and quality and (quality.answer == "worse" or quality.breaks_gate):
        return "watch"
    return state
