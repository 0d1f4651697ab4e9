"""Why a model does worse, and where, in words: for its page and for whoever is notified."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refrain.statistics.row_losses import STAND_INS
from refrain.words import figure, share

if TYPE_CHECKING:
    from refrain.lake.monitoring_report import MonitoringReport
    from refrain.lake.quality_causes import QualityCauses, RisePart
    from refrain.lake.segments import SegmentFigure


def causes_of(report: MonitoringReport) -> QualityCauses | None:
    """Return the causes by labels, or else those that the inputs of the latest window let expect."""
    measured = report.quality.causes if report.quality else None
    return measured or (report.window.causes if report.window else None)


def cause_sentence(causes: QualityCauses) -> str:
    """Say what stands first, and how sure that is.

    >>> from refrain.lake.quality_causes import FeaturePart, QualityCauses, RisePart
    >>> part, rest = RisePart(0.09, 0.08, 0.1), RisePart(0.01, 0.0, 0.02)
    >>> cause_sentence(QualityCauses("Brier score", 0.1, 2000, RisePart(0.1, 0.08, 0.12), part, rest,
    ...     (FeaturePart("age", part),)))
    'the Brier score rose by 0.1000 (0.0800 to 0.1200), 90 % of it (80 % to 100 %) with changed inputs: age'
    """
    rise = f"{figure(causes.rise.value)} ({figure(causes.rise.low)} to {figure(causes.rise.high)})"
    verb = "is expected to rise" if causes.estimated else "rose"
    return f"the {causes.loss} {verb} by {rise}, {_first_clause(causes)}"


def _first_clause(causes: QualityCauses) -> str:
    if not causes.meaning_first:
        first, *more = causes.features
        above_all = (
            f", above all {first.feature} ({_share_range(causes, first.part)})" if more else f": {first.feature}"
        )
        return f"{_share_range(causes, causes.inputs)} with changed inputs{above_all}"
    where = f", by {causes.by_meaning}" if causes.by_meaning else ", in no feature more than in others"
    if causes.where:
        where = f", above all where {causes.where.name} ({segment_clause(causes.loss, causes.where)})"
    return f"{_share_range(causes, causes.meaning)} with the same inputs, which mean something else now{where}"


def _share_range(causes: QualityCauses, part: RisePart) -> str:
    of_rise = causes.share_of_rise(part)
    value, low, high = (share(round(end, 2)) for end in (of_rise.value, of_rise.low, of_rise.high))
    return f"{value} of it ({low} to {high})"


def segment_clause(loss: str, segment: SegmentFigure) -> str:
    """Say how much more the loss rose in a segment than elsewhere.

    >>> from refrain.lake.segments import SegmentFigure
    >>> worst = SegmentFigure("carrier = X", 0.14, 0.1, 0.2, 0.09, 0.05, 0.13)
    >>> segment_clause("share of wrong labels", worst), segment_clause("MAE", worst)
    ('9 points more error, 14 % of the rows', 'MAE 0.0900 higher, 14 % of the rows')
    """
    points = loss == STAND_INS["accuracy"]
    more = f"{100 * segment.more:.2g} points more error" if points else f"{loss} {figure(segment.more)} higher"
    return f"{more}, {share(round(segment.share, 2))} of the rows"
