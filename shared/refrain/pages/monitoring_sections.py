"""The sections of a monitoring report's page: what changed, how good the answers were, and what is new."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refrain.pages.html import Html, badge, element, html_table, section
from refrain.pages.monitoring_charts import draw_distribution
from refrain.pages.monitoring_words import (
    capitalised,
    coverage_sentence,
    delay,
    estimate_sentence,
    holdout_clause,
    listed_features,
    range_of,
    row_noun,
    share_range,
    unfamiliar_sentence,
)
from refrain.statistics.metrics import METRICS
from refrain.times import for_people
from refrain.words import counted, figure, share

if TYPE_CHECKING:
    from refrain.lake.judged_window import Distribution, JudgedWindow
    from refrain.lake.monitoring_report import MonitoringReport
    from refrain.lake.quality_figures import Estimate

MAX_LISTED_DISTRIBUTIONS = 25
MAX_DRAWN_DISTRIBUTIONS = 6


def changes_section(report: MonitoringReport, window: JudgedWindow) -> Html:
    """Show the distributions that changed, those that matter most first."""
    with_cells = [distribution for distribution in window.distributions if distribution.cells]
    drawn = [distribution for distribution in with_cells if distribution.drifted] or with_cells[:4]
    charts = [
        draw_distribution(distribution, str(index))
        for index, distribution in enumerate(drawn[:MAX_DRAWN_DISTRIBUTIONS])
    ]
    note = (
        f"{counted(window.rows, row_noun(report))}, compared with the training data (answers: with those on the "
        "holdout). A distribution drifts when the difference is surely not chance, and surely at least "
        f"{report.least_shift:g} standard deviations of numbers (sd) or {report.least_points:g} points of a share. One "
        "that differed as much while the training data was gathered is marked as usual. Where rows have times, "
        "training means the same hours of the week, or of the day, where these fit better."
    )
    weighted = any(distribution.importance for distribution in window.distributions)
    weights = ["#Importance", "#Matters"] if weighted else []
    header = ["Distribution", "Verdict", "Change", "#Surely", "#Chance", *weights, "Since"]
    rows = [_row(distribution, weighted) for distribution in window.distributions[:MAX_LISTED_DISTRIBUTIONS]]
    left = window.distributions_tested - len(rows)
    if window.calendar:
        note += f" Not judged, since it moves with the calendar: {listed_features(window.calendar)}."
    rest = element("p", f"{counted(left, 'further distribution')} are not shown.", class_="soft small")
    return section(
        "changed",
        "What changed",
        note,
        element("div", *charts, class_="pair"),
        html_table("The most important first", header, rows),
        rest if left > 0 else None,
    )


def _row(distribution: Distribution, weighted: bool) -> list[str]:
    drifted, answer = distribution.drifted, distribution.answer
    words = "drifted" if drifted else "as usual" if distribution.usual else "as in training"
    weights = ["answer" if answer else share(distribution.importance), "" if answer else figure(distribution.matters)]
    return [
        distribution.name,
        badge(words, "tiny refused" if drifted else "tiny"),
        distribution.change,
        f"{distribution.effect:.1f} ×",
        "< 0.01 %" if distribution.p < 0.0001 else f"{100 * distribution.p:.2g} %",
        *(weights if weighted else []),
        for_people(distribution.since) if distribution.since else "",
    ]


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
    title, coverage = METRICS[evaluated.metric].title, coverage_sentence(report)
    estimate = estimate_sentence(window, evaluated.metric) if window else ""
    verdict = quality.why or ("surely worse than the gate allows" if quality.breaks_gate else holdout_clause(report))
    return section(
        "quality",
        "How good it is",
        f"{note}.",
        html_table(title, [title, "#Value", "#Interval", "#Rows"], rows),
        element("p", f"{capitalised(verdict)}.") if verdict else None,
        element("p", f"{capitalised(coverage)}.") if coverage else None,
        element("p", estimate) if estimate else None,
    )


def _cells(estimate: Estimate) -> list[str]:
    return [figure(estimate.value), range_of(estimate), counted(estimate.rows)]


def hits_section(report: MonitoringReport) -> Html | None:
    """Show how many recommendations were taken."""
    hits = report.hits
    if hits is None:
        return None
    note = (
        f"{counted(hits.recommendations, 'recommendation')} since {for_people(hits.since)}, each more than a day ago; "
        f"{counted(hits.answered)} of them were followed by an interaction of the same user within a day."
    )
    rate = "" if hits.rate is None else f" That is {share(hits.rate.value)} ({share_range(hits.rate)})."
    taken = f"After {counted(hits.taken, 'recommendation')} the user chose an item that had been recommended.{rate}"
    popular = f"{share(hits.popular)} of the recommendations went to unknown users."
    return section(
        "hits", "Were the recommendations taken?", note, element("p", taken), element("p", popular, class_="soft")
    )


def news_section(report: MonitoringReport, window: JudgedWindow) -> Html:
    """Show what training had not seen, or less often."""
    note = unfamiliar_sentence(window)
    if report.hits is not None:
        note = f"{share(window.unfamiliar)} of the interactions were with items that the version does not know."
    new = [
        [values.feature, share(values.share), share(values.expected), listed_features(values.values)]
        for values in window.new_values
    ]
    missing = [[values.feature, share(values.share), share(values.reference)] for values in window.missing]
    damaged = f"{counted(report.damaged, 'captured line')} could not be read."
    return section(
        "new",
        "What is new",
        note,
        html_table("Values that training did not see", ["Category", "#Rows", "#Expected", "Most frequent"], new),
        html_table("Missing values", ["Feature", "#In the window", "#In training"], missing),
        element("p", damaged) if report.damaged else None,
    )
