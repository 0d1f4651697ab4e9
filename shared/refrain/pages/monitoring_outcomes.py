"""How good the answers were, as two sections of a monitoring report's page: against labels, or against interactions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refrain.pages.frame import section
from refrain.pages.html import Html, element, html_table
from refrain.pages.monitoring_words import capitalised, delay, range_of, share_range
from refrain.statistics.metrics import METRICS
from refrain.times import for_people
from refrain.words import counted, figure, share

if TYPE_CHECKING:
    from refrain.lake.monitoring_report import Estimate, MeasuredQuality, MonitoringReport


def quality_section(report: MonitoringReport) -> Html | None:
    """Show what labels say, what is estimated without them, and what the holdout had promised."""
    quality, evaluated, window = report.quality, report.evaluated, report.window
    if quality is None or evaluated is None:
        return None
    note = f"{share(quality.share)} of the predictions since {for_people(quality.since)} have a label"
    if quality.delay_seconds is not None:
        note += f"; half of the labels came within {delay(quality.delay_seconds)}"
    rows = []
    if evaluated.value is not None:
        low, high = evaluated.low, evaluated.high
        between = f"{figure(low)} to {figure(high)}" if low is not None and high is not None else ""
        rows.append(["On the holdout, before it went into service", figure(evaluated.value), between, ""])
    if quality.measured:
        rows.append(["Measured, against labels", *_cells(quality.measured)])
    if window and window.estimated:
        rows.append(["Estimated, latest window, without labels", *_cells(window.estimated)])
    title = METRICS[evaluated.metric].title
    verdict = _verdict(quality)
    return section(
        "quality",
        "How good it is",
        f"{note}.",
        html_table(title, [title, "#Value", "#Interval", "#Rows"], rows) if rows else None,
        element("p", f"{capitalised(verdict)}.") if verdict else None,
    )


def _verdict(quality: MeasuredQuality) -> str:
    if quality.why:
        return quality.why
    if quality.breaks_gate:
        return "surely below the gate"
    return "surely worse than on the holdout" if quality.worse else ""


def _cells(estimate: Estimate) -> list[str]:
    return [figure(estimate.value), range_of(estimate), counted(estimate.rows)]


def hits_section(report: MonitoringReport) -> Html | None:
    """Show how many recommendations were taken."""
    hits = report.hits
    if hits is None:
        return None
    note = (
        f"{counted(hits.recommendations, 'recommendation')} since {for_people(hits.since)} are more than a day old. "
        f"{counted(hits.answered)} of them were followed by an interaction of the same user within a day."
    )
    rate = "" if hits.rate is None else f" That is {share(hits.rate.value)} ({share_range(hits.rate)})."
    taken = f"After {counted(hits.taken, 'recommendation')} the user chose an item that had been recommended.{rate}"
    popular = f"{share(hits.popular)} of the recommendations went to unknown users."
    return section(
        "hits",
        "Were the recommendations taken?",
        note,
        element("p", taken),
        element("p", popular, class_="soft"),
    )
