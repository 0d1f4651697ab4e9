"""What changed and what arrived, as two parts of the page of a look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refrain.pages import monitoring_charts
from refrain.pages.html import Html, element, html_table
from refrain.pages.monitoring_words import listed_features, noun_in, unfamiliar_sentence
from refrain.pages.run_sections import section
from refrain.times import for_people
from refrain.words import counted, figure, share

if TYPE_CHECKING:
    from refrain.lake.monitoring_report import MonitoringReport, MovedDocument, WindowDocument

MOST_ROWS = 25


def changed(look: MonitoringReport, window: WindowDocument) -> Html:
    """Show the distributions that moved, those that matter most first."""
    moved = window["features"]
    shown = [each for each in moved if each["cells"]]
    interesting = [each for each in shown if each["drifted"]] or shown[:4]
    note = (
        f"{counted(window['rows'], noun_in(look))} against what the version was trained on (answers: against those on "
        "the holdout). A distribution drifts when the difference is surely not chance and its effect is at least "
        f"{figure(look['least_effect'])}. What moved as much while the training data was gathered is no more than "
        "usual."
    )
    charts_shown = [monitoring_charts.distribution(each, str(place)) for place, each in enumerate(interesting[:6])]
    known = any(each["importance"] for each in moved)
    header = ["Distribution", "", "#Effect", "#Chance", *(["#Importance", "#Matters"] if known else []), "Since"]
    rows = [_row(each, known) for each in moved[:MOST_ROWS]]
    left = window["features_tested"] - len(rows)
    return section(
        "changed",
        "What changed",
        note,
        element("div", *charts_shown, class_="pair"),
        html_table("What matters most comes first", header, rows),
        element("p", f"{counted(left, 'further distribution')} are not shown.", class_="soft small")
        if left > 0
        else None,
    )


def _row(each: MovedDocument, known: bool) -> list[str]:
    word = "drifted" if each["drifted"] else "no more than usual" if each["usual"] else "as before"
    badge = element("span", word, class_=f"badge tiny{' refused' if each['drifted'] else ''}")
    answered = each["answer"]
    weights = (
        ["answer" if answered else share(each["importance"]), "" if answered else figure(each["matters"])]
        if known
        else []
    )
    return [
        each["name"],
        badge,
        figure(each["effect"]),
        _chance(each["p"]),
        *weights,
        for_people(each["since"]) if each["since"] else "",
    ]


def _chance(p: float) -> str:
    return "< 0.01 %" if p < 0.0001 else f"{100 * p:.2g} %"


def arrived(look: MonitoringReport, window: WindowDocument) -> Html:
    """Say what arrived that training had not, or less of."""
    note = f"Unlike anything in training: {unfamiliar_sentence(window)}."
    if look["hits"] is not None:
        note = f"{share(window['unfamiliar'])} of the interactions were of items that the version does not know."
    new = [
        [each["feature"], share(each["share"]), share(each["expected"]), listed_features(each["values"])]
        for each in window["new_values"]
    ]
    missing = [[each["feature"], share(each["share"]), share(each["reference"])] for each in window["missing"]]
    damaged = f"{counted(look['damaged'], 'captured line')} could not be read." if look["damaged"] else None
    return section(
        "arrived",
        "What arrived",
        note,
        html_table("Values that training did not see", ["Category", "#Rows", "#To be expected", "Most often"], new)
        if new
        else None,
        html_table("Missing values", ["Feature", "#In the window", "#In training"], missing) if missing else None,
        element("p", damaged) if damaged else None,
    )
