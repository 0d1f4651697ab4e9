"""What changed and what is new, as two sections of a monitoring report's page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refrain.pages import monitoring_charts
from refrain.pages.frame import section
from refrain.pages.html import Html, element, html_table
from refrain.pages.monitoring_words import listed_features, row_noun, unfamiliar_sentence
from refrain.times import for_people
from refrain.words import counted, figure, share

if TYPE_CHECKING:
    from refrain.lake.monitoring_report import Distribution, JudgedWindow, MonitoringReport

MAX_LISTED_DISTRIBUTIONS = 25
MAX_DRAWN_DISTRIBUTIONS = 6


def changes_section(report: MonitoringReport, window: JudgedWindow) -> Html:
    """Show the distributions that changed, those that matter most first."""
    with_cells = [distribution for distribution in window.distributions if distribution.cells]
    drawn = [distribution for distribution in with_cells if distribution.drifted] or with_cells[:4]
    charts = [
        monitoring_charts.draw_distribution(distribution, str(index))
        for index, distribution in enumerate(drawn[:MAX_DRAWN_DISTRIBUTIONS])
    ]
    note = (
        f"{counted(window.rows, row_noun(report))}, compared with the training data (answers: with those on the "
        "holdout). A distribution drifts when the difference is surely not chance and its effect is at least "
        f"{figure(report.least_effect)}. One that differed as much while the training data was gathered is marked as "
        "usual."
    )
    weighted = any(distribution.importance for distribution in window.distributions)
    header = ["Distribution", "", "#Effect", "#Chance", *(["#Importance", "#Matters"] if weighted else []), "Since"]
    rows = [_row(distribution, weighted) for distribution in window.distributions[:MAX_LISTED_DISTRIBUTIONS]]
    left = window.distributions_tested - len(rows)
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
    badge = "drifted" if drifted else "as usual" if distribution.usual else "as in training"
    weights = ["answer" if answer else share(distribution.importance), "" if answer else figure(distribution.matters)]
    return [
        distribution.name,
        element("span", badge, class_=f"badge tiny{' refused' if drifted else ''}"),
        figure(distribution.effect),
        _chance(distribution.p),
        *(weights if weighted else []),
        for_people(distribution.since) if distribution.since else "",
    ]


def _chance(p: float) -> str:
    return "< 0.01 %" if p < 0.0001 else f"{100 * p:.2g} %"


def news_section(report: MonitoringReport, window: JudgedWindow) -> Html:
    """Show what training had not seen, or less often."""
    note = f"Unlike anything in training: {unfamiliar_sentence(window)}."
    if report.hits is not None:
        note = f"{share(window.unfamiliar)} of the interactions were with items that the version does not know."
    new = [
        [values.feature, share(values.share), share(values.expected), listed_features(values.values)]
        for values in window.new_values
    ]
    missing = [[values.feature, share(values.share), share(values.reference)] for values in window.missing]
    damaged = f"{counted(report.damaged, 'captured line')} could not be read." if report.damaged else None
    return section(
        "new",
        "What is new",
        note,
        html_table("Values that training did not see", ["Category", "#Rows", "#Expected", "Most frequent"], new)
        if new
        else None,
        html_table("Missing values", ["Feature", "#In the window", "#In training"], missing) if missing else None,
        element("p", damaged) if damaged else None,
    )
