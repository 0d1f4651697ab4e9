"""What a look sees of the version in service: the predictions that it made, and the labels that came of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from refrain.lake.capture.reading import Captured, read_captured
from refrain.lake.label_reading import read_labels
from refrain.lake.labelled_predictions import join
from refrain.monitoring.drift import LEAST_ROWS
from refrain.monitoring.quality import against_labels
from refrain.monitoring.window_report import figure_document, remembered, report_window
from refrain.monitoring.windows import gathered, is_long_enough, state_of
from refrain.times import from_iso, to_datetime64, to_iso

if TYPE_CHECKING:
    from datetime import datetime

    from preprocessing import Definition
    from refrain.aws.storage import Store
    from refrain.lake.label_reading import Label
    from refrain.lake.monitoring_report import (
        DriftState,
        HitsDocument,
        MonitoringReport,
        PastWindow,
        QualityDocument,
        WindowDocument,
    )
    from refrain.monitoring.served_version import Version

MOST_REMEMBERED = 60


@dataclass(frozen=True)
class Observation:
    """What a look saw of the version in service."""

    version: Version
    window: WindowDocument | None
    waiting: int
    damaged: int
    quality: QualityDocument | None
    history: list[PastWindow]
    state: DriftState
    hits: HitsDocument | None = None


def observe_predictions(
    store: Store,
    definition: Definition,
    version: Version,
    now: datetime,
    before: MonitoringReport | None,
    late: timedelta,
) -> Observation:
    """See what was predicted, and judge it once there is enough of it."""
    rules = definition.monitoring
    history = list(before["history"]) if before else []
    own = of_this_service(history, version)
    judged_until = from_iso(own[-1]["until"]) if own else None
    span = gathered(now, rules.window, version.since, judged_until, rules.alarm[1], late)
    quality_since = max(version.since, now - timedelta(seconds=rules.quality))
    captured = read_captured(store, definition.model, min(span.since, quality_since), now).of(version.name)
    waiting = _between(captured, span.since, span.until)
    labels = read_labels(store, definition.model, quality_since, now)
    measured = _quality(version, definition, _between(captured, quality_since, now), labels, quality_since)

    window = before["window"] if before and own else None
    if is_long_enough(span, rules.window) and len(waiting) >= LEAST_ROWS:
        window = report_window(version, definition, span, waiting, own)
        history = [*history, remembered(version, window, measured["measured"])][-MOST_REMEMBERED:]
        own, waiting = of_this_service(history, version), Captured([])
    state: DriftState = state_of([each["alarmed"] for each in own], *rules.alarm) if own else "not_judged"
    if state in ("steady", "not_judged") and (measured["worse"] or measured["breaks_gate"]):
        state = "watch"
    return Observation(version, window, len(waiting), captured.damaged, measured, history, state)


def of_this_service(history: list[PastWindow], version: Version) -> list[PastWindow]:
    """Return the windows since this version went into service (it may have been there before)."""
    return [each for each in history if each["version"] == version.name and from_iso(each["since"]) >= version.since]


def _between(captured: Captured, since: datetime, until: datetime) -> Captured:
    first, last = to_datetime64(since), to_datetime64(until)
    return Captured([row for row in captured.rows if first <= row.time < last], captured.damaged)


def _quality(
    version: Version, definition: Definition, captured: Captured, labels: dict[str, Label], since: datetime
) -> QualityDocument:
    found = against_labels(version, definition, join(captured, labels))
    figure = found.figure
    return {
        "since": to_iso(since),
        "measured": figure_document(figure),
        "why": found.why,
        "labelled": found.labelled,
        "share": found.share,
        "delay_seconds": found.delay_seconds,
        "worse": figure is not None and version.was_surely_better(definition, figure),
        "breaks_gate": figure is not None and figure.breaks(definition.gate),
    }
