"""The traffic of a model that predicts: its captured predictions, and the labels that came for them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from refrain.lake.hour_index import HourFolder
from refrain.monitoring.coverage import watch_coverage
from refrain.monitoring.drift import compare_distributions
from refrain.monitoring.drop_causes import explain_quality, explain_window
from refrain.monitoring.estimated_quality import estimate_quality
from refrain.monitoring.hour_catch_up import reduce_captured
from refrain.monitoring.quality import measure_quality
from refrain.monitoring.watched_cells import WatchedCells
from refrain.monitoring.window_report import (
    MAX_LISTED_FEATURES,
    missing_values,
    new_values,
    report_window,
    unfamiliar_features,
)
from refrain.monitoring.window_statistics import WindowStatistics, max_sampled_rows
from refrain.monitoring.windows import Traffic, hour_length
from refrain.statistics.shifts import Floors
from refrain.times import hour_start

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from preprocessing import Definition
    from refrain.aws.storage import Store
    from refrain.lake.judged_window import JudgedWindow, PastWindow
    from refrain.monitoring.served_version import ServedVersion
    from refrain.monitoring.windows import Window


def read_prediction_traffic(
    store: Store, definition: Definition, version: ServedVersion, window: Window, now: datetime, end: float
) -> Traffic:
    """Reduce what was captured and labelled since the last report; measure quality on all that have a label by now.

    No further file is read once the monotonic clock says `end`.
    """
    labelled_since = max(version.since, now - timedelta(seconds=definition.monitoring.quality))
    seconds, cells = hour_length(definition.monitoring.window), WatchedCells.of(version)
    folder = HourFolder(store, definition.model, version.name, cells.scheme(seconds))
    observed = reduce_captured(folder, version, cells, seconds, min(window.since, labelled_since), now, end)
    first = hour_start(version.since, seconds) if window.since == version.since else window.since
    counts = observed.count(first, window.until)
    labelled = observed.sample_labelled(version, labelled_since, now)
    quality = measure_quality(version, definition, labelled, labelled_since)

    def judge(past: Sequence[PastWindow]) -> JudgedWindow:
        assert counts, "only a window with rows is judged"
        sample = observed.sample(counts, first, window.until, max_sampled_rows(len(version.definition.features)))
        statistics = WindowStatistics(cells, counts, sample, labelled)
        return judge_predictions(version, definition, window, statistics, past)

    return Traffic(
        rows=int(counts.rows.sum()) if counts else 0,
        damaged=observed.damaged,
        waiting_files=observed.waiting,
        judge=judge,
        quality=explain_quality(version, definition, labelled, quality),
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
    calendar = [name for name in version.baseline.calendar if name not in rules.ignore]
    features = statistics.feature_counts([*rules.ignore, *calendar])
    tests = compare_distributions(
        features, statistics.answer_counts, floors=Floors.of(rules), importance=version.importance, span=window
    )
    judged = report_window(window, statistics.rows, tests, past)
    estimate, change = estimate_quality(version, definition, statistics.sample) or (None, None)
    evaluated = version.evaluated_quality(definition)
    breaks_gate = bool(estimate and change and evaluated.breaks_gate(estimate) and change.is_worse(evaluated.metric))
    judged = replace(
        judged,
        alarmed=judged.alarmed or breaks_gate,
        unfamiliar=statistics.unfamiliar_share,
        unfamiliar_combinations=statistics.combinations_share,
        unfamiliar_features=unfamiliar_features(statistics.notes, statistics.rows),
        new_values=new_values([reference for reference, _ in features], statistics.notes.new, statistics.rows),
        missing=missing_values(tests),
        estimated=estimate,
        estimated_change=change,
        estimated_breaks_gate=breaks_gate,
        calendar=tuple(calendar[:MAX_LISTED_FEATURES]),
    )
    return explain_window(version, definition, statistics.sample, judged)
