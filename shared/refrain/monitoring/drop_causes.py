"""Why a version does worse in service than on its holdout, and in which segments: measured by labels, or expected.

Both need the rows that the version was judged by. Without them nothing is said.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from refrain.classes import aligned
from refrain.errors import MetricUndefined
from refrain.lake.quality_causes import FeaturePart, QualityCauses, RisePart
from refrain.lake.segments import SegmentDrift, SegmentFigure, SegmentFigures
from refrain.monitoring.labelled_answers import LabelledAnswers, number_observed_units
from refrain.monitoring.segment_columns import segment_columns
from refrain.statistics.dependence import number_units
from refrain.statistics.loss_model import expect_losses
from refrain.statistics.loss_rise import LossRows
from refrain.statistics.metrics import choose_metric
from refrain.statistics.moved_rows import share_cells
from refrain.statistics.rise_cause import find_cause
from refrain.statistics.row_losses import loss_title, row_losses, signed_errors
from refrain.statistics.segment_drift import search_segment_drifts
from refrain.statistics.segment_search import search_segments

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from preprocessing import Definition
    from refrain.lake.judged_rows import JudgedRows
    from refrain.lake.judged_window import JudgedWindow
    from refrain.lake.observed_rows import ObservedRows
    from refrain.lake.quality_figures import MeasuredQuality
    from refrain.monitoring.served_version import ServedVersion
    from refrain.monitoring.window_statistics import LabelledSample
    from refrain.statistics.loss_rise import Part
    from refrain.statistics.metrics import Metric
    from refrain.statistics.segment_search import MeasuredSegment

MAX_EXPLAINED_FEATURES = 300
"""Of a wider matrix only the features are looked at that the model relies on most: all would take a report minutes."""

MIN_EXPLAINED_ROWS = 100
"""Of the holdout and of the window."""

MAX_REPORTED_SEGMENTS, MAX_REPORTED_PARTS = 5, 5
MIN_IMPORTANCE = 0.005
"""A feature with a smaller share in what the model relies on is no cause of its errors."""


@dataclass(frozen=True)
class LossSides:
    """The losses of a version on its holdout and in service; `estimated` ones are expected by the inputs alone."""

    version: ServedVersion
    loss: str
    reference: LossRows
    window: LossRows
    confidence: float
    estimated: bool = False


def explain_quality(
    version: ServedVersion, definition: Definition, labelled: LabelledSample, quality: MeasuredQuality
) -> MeasuredQuality:
    """Add to the measured quality the causes of a drop, and the segments that surely got worse than the rest."""
    segments = definition.monitoring.segments
    is_worse = quality.answer == "worse" or quality.breaks_gate
    sides = labelled_sides(version, definition, labelled) if is_worse or segments else None
    if sides is None:
        return quality
    return replace(
        quality,
        causes=explain_rise(sides) if is_worse else None,
        segments=report_segments(sides, segments) if segments else None,
    )


def explain_window(
    version: ServedVersion, definition: Definition, sample: ObservedRows, judged: JudgedWindow
) -> JudgedWindow:
    """Add to a window what changed in segments alone, and if it alarmed what its inputs let expect of the losses."""
    sides = expected_sides(version, definition, sample) if judged.alarmed else None
    drifts = report_segment_drifts(version, definition.monitoring.segments, sample)
    return replace(judged, causes=explain_rise(sides) if sides else None, segment_drifts=drifts)


def labelled_sides(version: ServedVersion, definition: Definition, labelled: LabelledSample) -> LossSides | None:
    """Return the losses of labelled predictions beside those of the holdout; None where they cannot be compared."""
    labels = LabelledAnswers.of(version, labelled)
    metric = labels.metric(version, definition)
    reference = _holdout(version, metric, labels.classes, labelled.rows)
    if reference is None:
        return None
    try:
        losses = row_losses(metric, labels.truth, labels.answers)
    except MetricUndefined:
        return None
    errors = signed_errors(metric, labels.truth, labels.answers)
    window = LossRows(labelled.rows.matrix, losses, errors, number_observed_units(version, labelled.rows, losses))
    return LossSides(version, loss_title(metric), reference, window, definition.gate.confidence)


def expected_sides(version: ServedVersion, definition: Definition, sample: ObservedRows) -> LossSides | None:
    """Return the losses that the holdout lets expect of rows without labels, beside those of the holdout itself."""
    training = definition.training
    metric = choose_metric(training.metric, version.classes, version.positive, definition.decision.cost)
    reference = _holdout(version, metric, version.classes, sample)
    if reference is None:
        return None
    explained = _explained_features(version)
    learned, asked = reference.matrix[:, explained], sample.matrix[:, explained]
    before, now = expect_losses(learned, reference.losses, reference.folds, asked)
    units = number_observed_units(version, sample, now)
    window = LossRows(sample.matrix, now, np.zeros(len(now)), units)
    reference = replace(reference, losses=before, errors=np.zeros(len(before)))
    return LossSides(version, loss_title(metric), reference, window, definition.gate.confidence, estimated=True)


def report_segment_drifts(
    version: ServedVersion, segments: Sequence[str], sample: ObservedRows
) -> tuple[SegmentDrift, ...]:
    """Search the segments for features that changed otherwise than elsewhere since the holdout."""
    judged = version.judged_rows
    if not segments or judged is None or not _can_compare(judged, sample):
        return ()
    explained = _explained_features(version)
    shared = share_cells(judged.matrix[:, explained], sample.matrix[:, explained])
    names = [version.definition.features[index] for index in explained]
    own = [name for name in segments if name in names]
    columns = segment_columns(version, own, judged.matrix, sample.matrix)
    units = number_observed_units(version, sample, np.zeros(len(sample)))
    by_feature = {names.index(name): column for name, column in zip(own, columns, strict=True)}
    drifts = search_segment_drifts(by_feature, shared, units)[:MAX_REPORTED_SEGMENTS]
    return tuple(
        SegmentDrift(drift.words, drift.share, names[drift.feature], drift.chance, drift.effect) for drift in drifts
    )


def _can_compare(judged: JudgedRows, rows: ObservedRows) -> bool:
    return min(len(judged), len(rows)) >= MIN_EXPLAINED_ROWS


def _holdout(version: ServedVersion, metric: Metric, classes: Sequence[str], rows: ObservedRows) -> LossRows | None:
    """Return the losses of the rows that the version was judged by; None where the rows cannot be held against them."""
    judged = version.judged_rows
    if judged is None or not _can_compare(judged, rows):
        return None
    answers = aligned(judged.answers, version.classes, classes)
    try:
        losses = row_losses(metric, judged.truth, answers)
    except MetricUndefined:
        return None
    units = number_units(None, judged.times, losses[:, np.newaxis])
    return LossRows(judged.matrix, losses, signed_errors(metric, judged.truth, answers), units)


def explain_rise(sides: LossSides) -> QualityCauses | None:
    """Find the causes of a rise of the loss; None where it has not surely risen."""
    explained = _explained_features(sides.version)
    features = [sides.version.definition.features[index] for index in explained]
    reference, window = (replace(side, matrix=side.matrix[:, explained]) for side in (sides.reference, sides.window))
    ignored = _no_causes(sides.version)
    ignore = {index for index, name in enumerate(features) if name in ignored}
    cause = find_cause(reference, window, sides.confidence, ignore)
    if cause is None:
        return None
    split, by_meaning = cause.split, None if cause.by_meaning is None else features[cause.by_meaning]
    where = report_segments(sides, [by_meaning], depth=1).worst if by_meaning else ()
    parts = [FeaturePart(features[index], _part(part)) for index, part in split.features.items()]
    return QualityCauses(
        loss=sides.loss,
        before=float(sides.reference.losses.mean()),
        rows=len(sides.window.losses),
        rise=_part(split.rise),
        inputs=_part(split.inputs),
        meaning=_part(split.meaning),
        features=tuple(parts[:MAX_REPORTED_PARTS]),
        by_meaning=by_meaning,
        where=where[0] if where else None,
        estimated=sides.estimated,
        left_out=len(sides.version.definition.features) - len(features),
    )


def report_segments(sides: LossSides, features: Iterable[str], depth: int = 2) -> SegmentFigures:
    """Search the segments of these features."""
    columns = segment_columns(sides.version, features, sides.reference.matrix, sides.window.matrix)
    search = search_segments(columns, sides.reference, sides.window, sides.confidence, depth)
    worst = tuple(_segment_figure(segment) for segment in search.worst[:MAX_REPORTED_SEGMENTS])
    return SegmentFigures(sides.loss, len(sides.window.losses), search.tested, worst)


def _explained_features(version: ServedVersion) -> list[int]:
    """Return the features that are looked at, in their order: at most as many as a report has time for."""
    importance, names = version.importance, version.definition.features
    by_importance = sorted(range(len(names)), key=lambda index: -importance.get(names[index], 0.0))
    return sorted(by_importance[:MAX_EXPLAINED_FEATURES])


def _no_causes(version: ServedVersion) -> set[str]:
    """Return the features that move with the calendar, and those that the model hardly relies on."""
    definition, importance = version.definition, version.importance
    times = {name for name, column in definition.columns.items() if column.kind == "time"}
    for derived in definition.derived:  # sources come first
        if times.intersection(derived.sources):
            times.add(derived.name)
    idle = {name for name in definition.features if importance and importance.get(name, 0.0) < MIN_IMPORTANCE}
    return times | idle


def _part(part: Part) -> RisePart:
    return RisePart(part.value, *part.interval)


def _segment_figure(segment: MeasuredSegment) -> SegmentFigure:
    return SegmentFigure(segment.words, segment.share, segment.before, segment.now, segment.more, *segment.interval)
