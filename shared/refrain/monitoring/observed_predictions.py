"""The traffic of a model that predicts: its captured predictions, and the labels that came for them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from refrain.lake.capture.predictions import Captured, join_labels, read_captured
from refrain.lake.label import read_labels
from refrain.monitoring.captured_statistics import count_hours, observe_rows, sample_labelled, sample_rows
from refrain.monitoring.coverage import watch_coverage
from refrain.monitoring.drift import compare_distributions
from refrain.monitoring.drop_causes import explain_quality, explain_window
from refrain.monitoring.quality import estimate_quality, measure_quality
from refrain.monitoring.watched_cells import WatchedCells
from refrain.monitoring.window_report import missing_values, new_values, report_window, unfamiliar_features
from refrain.monitoring.window_statistics import WindowStatistics
from refrain.monitoring.windows import Traffic
from refrain.statistics.shifts import Floors
from refrain.times import to_datetime64

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from preprocessing import Definition
    from refrain.aws.storage import Store
    from refrain.lake.judged_window import JudgedWindow, PastWindow
    from refrain.monitoring.served_version import ServedVersion
    from refrain.monitoring.windows import Window


def read_prediction_traffic(
    store: Store, definition: Definition, version: ServedVersion, window: Window, now: datetime
) -> Traffic:
    """Read the predictions that wait to be judged, and measure the quality of all that have a label by now."""
    labelled_since = max(version.since, now - timedelta(seconds=definition.monitoring.quality))
    captured = read_captured(store, definition.model, min(window.since, labelled_since), now).of(version.name)
    labels = read_labels(store, definition.model, labelled_since, now)
    labelled = sample_labelled(version, join_labels(_between(captured, labelled_since, now), labels))
    waiting = _between(captured, window.since, window.until)
    rows, cells = observe_rows(version, waiting), WatchedCells.of(version)
    statistics = WindowStatistics(cells, count_hours(cells, rows, waiting.rows), sample_rows(rows), labelled)
    return Traffic(
        rows=statistics.rows,
        damaged=captured.damaged,
        judge=partial(judge_predictions, version, definition, window, statistics),
        quality=explain_quality(
            version, definition, labelled, measure_quality(version, definition, labelled, labelled_since)
        ),
        coverage=watch_coverage(version, definition, labelled),
    )


def judge_predictions(
    version: ServedVersion,
    definition: Definition,
    window: Window,
    statistics: WindowStatistics,
    past: Sequence[PastWindow],
) -> JudgedWindow:
    """Judge the predictions of a window. `definition` is the present one, whose rules for monitoring apply."""
    rules = definition.monitoring
    features = statistics.feature_counts(rules.ignore)
    tests = compare_distributions(
        features, statistics.answer_counts, floors=Floors.of(rules), importance=version.importance
    )
    judged = report_window(window, statistics.rows, tests, past)
    estimate = estimate_quality(version, definition, statistics.sample.answers)
    breaks_gate = estimate is not None and version.evaluated_quality(definition).breaks_gate(estimate)
    judged = replace(
        judged,
        alarmed=judged.alarmed or breaks_gate,
        unfamiliar=statistics.unfamiliar_share,
        unfamiliar_combinations=statistics.combinations_share,
        unfamiliar_features=unfamiliar_features(statistics.notes, statistics.rows),
        new_values=new_values([reference for reference, _ in features], statistics.notes.new, statistics.rows),
        missing=missing_values(tests),
        estimated=estimate,
        estimated_breaks_gate=breaks_gate,
    )
    return explain_window(version, definition, statistics.sample, judged)


def _between(captured: Captured, since: datetime, until: datetime) -> Captured:
    first, last = to_datetime64(since), to_datetime64(until)
    return Captured([row for row in captured.rows if first <= row.time < last], captured.damaged)
