"""The traffic of a model that predicts: its captured predictions, and the labels that came for them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from preprocessing import encode
from refrain.lake.capture.predictions import Captured, join_labels, read_captured
from refrain.lake.label import read_labels
from refrain.monitoring.drift import compare_distributions
from refrain.monitoring.quality import estimate_quality, measure_quality
from refrain.monitoring.reference import answer_references, feature_references
from refrain.monitoring.window_report import missing_values, new_values, report_window, unfamiliar_shares
from refrain.monitoring.windows import Traffic
from refrain.times import to_datetime64

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from preprocessing import Array, Columns, Definition
    from refrain.aws.storage import Store
    from refrain.lake.judged_window import JudgedWindow, PastWindow
    from refrain.monitoring.reference import Reference
    from refrain.monitoring.served_version import ServedVersion
    from refrain.monitoring.windows import Window


def read_prediction_traffic(
    store: Store, definition: Definition, version: ServedVersion, window: Window, now: datetime
) -> Traffic:
    """Read the predictions that wait to be judged, and measure the quality of all that have a label by now."""
    labelled_since = max(version.since, now - timedelta(seconds=definition.monitoring.quality))
    captured = read_captured(store, definition.model, min(window.since, labelled_since), now).of(version.name)
    labels = read_labels(store, definition.model, labelled_since, now)
    joined = join_labels(_between(captured, labelled_since, now), labels)
    waiting = _between(captured, window.since, window.until)
    return Traffic(
        rows=len(waiting),
        damaged=captured.damaged,
        judge=partial(judge_predictions, version, definition, window, waiting),
        quality=measure_quality(version, definition, joined, labelled_since),
    )


def judge_predictions(
    version: ServedVersion, definition: Definition, window: Window, captured: Captured, past: Sequence[PastWindow]
) -> JudgedWindow:
    """Judge the predictions of a window. `definition` is the present one, whose rules for monitoring apply."""
    columns, _ = captured.columns(version.definition)
    features = feature_references(version.baseline, definition.monitoring.ignore)
    answers = answer_references(version.baseline)
    tests = compare_distributions(
        [
            (reference, reference.count(values))
            for reference, values in zip(features, _feature_values(version, features, columns), strict=True)
        ],
        [(reference, reference.count(captured.answers[:, column])) for column, reference in answers.items()],
        least_effect=definition.monitoring.least_effect,
        importance=version.importance,
    )
    judged = report_window(window, len(captured), tests, definition.monitoring.least_effect, past)
    estimate = estimate_quality(version, definition, captured.answers)
    breaks_gate = estimate is not None and version.evaluated_quality(definition).breaks_gate(estimate)
    share, unfamiliar_features = unfamiliar_shares(captured)
    return replace(
        judged,
        alarmed=judged.alarmed or breaks_gate,
        unfamiliar=share,
        unfamiliar_features=unfamiliar_features,
        new_values=new_values(features, columns),
        missing=missing_values(tests),
        estimated=estimate,
        estimated_breaks_gate=breaks_gate,
    )


def _between(captured: Captured, since: datetime, until: datetime) -> Captured:
    first, last = to_datetime64(since), to_datetime64(until)
    return Captured([row for row in captured.rows if first <= row.time < last], captured.damaged)


def _feature_values(version: ServedVersion, features: Sequence[Reference], columns: Columns) -> list[Array]:
    """Return each feature's values as the baseline describes them: categories as they are, all others encoded."""
    matrix = encode(version.definition, version.vocabularies, columns)
    indexes = {name: index for index, name in enumerate(version.definition.features)}
    return [columns[feature.name] if feature.category else matrix[:, indexes[feature.name]] for feature in features]
