"""The section of a monitoring report's page that says why the model does worse, and in which segments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refrain.pages.cause_words import cause_sentence, causes_of, segment_clause
from refrain.pages.html import Html, captioned, element, html_table, section
from refrain.pages.monitoring_words import capitalised
from refrain.pages.svg import Panel, Scale, pad_range, shorten_middle, svg, text, whisker
from refrain.words import counted, figure, share, signed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from refrain.lake.monitoring_report import MonitoringReport
    from refrain.lake.quality_causes import QualityCauses
    from refrain.lake.segments import SegmentDrift, SegmentFigures

NAMES, WIDE, ROW = 170, 460, 22


def causes_section(report: MonitoringReport) -> Html | None:
    """Show why the model got worse, and in which segments."""
    causes, segments = causes_of(report), report.quality.segments if report.quality else None
    drifts = report.window.segment_drifts if report.window else ()
    if causes is None and segments is None and not drifts:
        return None
    notes = [_segments_note(segments)] if segments else []
    if causes:
        notes = [f"{capitalised(cause_sentence(causes))}.", *_left_out_note(causes), *notes]
    return section(
        "causes",
        "Why it got worse" if causes else "Segments",
        " ".join(notes),
        _draw_parts(causes) if causes else None,
        _table(segments) if segments else None,
        _drift_table(drifts),
    )


def _left_out_note(causes: QualityCauses) -> list[str]:
    if not causes.left_out:
        return []
    return [f"It was not looked for among the {counted(causes.left_out, 'feature')} that the model relies on least."]


def _segments_note(segments: SegmentFigures) -> str:
    tested = f"{counted(segments.tested, 'segment')} on {counted(segments.rows, 'labelled row')}"
    if not segments.worst:
        return f"In none of {tested} did it surely get worse than in the rest."
    worst = segments.worst[0]
    return f"Of {tested} the worst is {worst.name}: {segment_clause(segments.loss, worst)}."


def _table(segments: SegmentFigures) -> Html | None:
    rows = [
        [
            segment.name,
            share(round(segment.share, 3)),
            figure(segment.before),
            figure(segment.now),
            f"{signed(segment.more)} ({figure(segment.low)} to {figure(segment.high)})",
        ]
        for segment in segments.worst
    ]
    title = f"Segments that got worse than the rest, by {segments.loss}"
    return html_table(title, ["Segment", "#Rows", "#On the holdout", "#Now", "#Beyond the rest"], rows)


def _drift_table(drifts: Sequence[SegmentDrift]) -> Html | None:
    rows = [[drift.name, drift.feature, share(round(drift.share, 3)), figure(drift.effect)] for drift in drifts]
    title = "Segments whose inputs changed otherwise than the rest"
    return html_table(title, ["Segment", "Feature", "#Rows", "#Effect"], rows)


def _draw_parts(causes: QualityCauses) -> Html:
    """Draw what of the rise came with each feature's inputs, and with a changed meaning."""
    parts = [(f"inputs: {entry.feature}", entry.part) for entry in causes.features]
    if not causes.estimated:
        by = f": {causes.by_meaning}" if causes.by_meaning else ""
        parts.append((f"meaning{by}", causes.meaning))
    ends = [end for _, part in parts for end in (part.low, part.high)]
    bottom = 8 + ROW * len(parts)
    panel = Panel(Scale(*pad_range([0.0, *ends]), NAMES, WIDE - 12), Scale(0, 1, bottom, 4))
    marks = [*panel.grid_x(causes.loss, 4), panel.upright(0.0, "zero")]
    for line, (name, part) in enumerate(sorted(parts, key=lambda entry: -entry[1].value)):
        y = 8 + ROW * line
        start, end = sorted((panel.x(0.0), panel.x(part.value)))
        marks.append(text(NAMES - 8, y + 11, shorten_middle(name, 26), "tick", "end", name))
        marks.append(element("rect", x=start, y=y + 2, width=max(end - start, 0.7), height=11, rx=1, class_="bar s2"))
        marks.append(whisker(panel.x(part.low), y + 7.5, panel.x(part.high), y + 7.5, "s1"))
    description = "; ".join(f"{name}: {signed(part.value)}" for name, part in parts)
    drawing = svg("causes-parts", (WIDE, bottom + 44), "What the rise came with", description, *marks)
    note = f"the {causes.loss} rose from {figure(causes.before)} on the holdout by {figure(causes.rise.value)}"
    return captioned("What the rise came with", note, drawing)
