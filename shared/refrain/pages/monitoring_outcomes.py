"""How good the answers were, as two parts of a monitoring report's page: by labels, or by later interactions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refrain.pages.html import Html, element, html_table
from refrain.pages.monitoring_words import delay, shares
from refrain.pages.run_sections import section
from refrain.statistics.metrics import METRICS
from refrain.times import for_people
from refrain.words import counted, figure, share

if TYPE_CHECKING:
    from refrain.lake.monitoring_report import FigureDocument, MonitoringReport, QualityDocument


def quality_section(look: MonitoringReport) -> Html | None:
    """Show what labels say, what is estimated without them, and what the holdout had promised."""
    found, evaluated, window = look["quality"], look["evaluated"], look["window"]
    if found is None or evaluated is None:
        return None
    said = f"{share(found['share'])} of the predictions since {for_people(found['since'])} have a label"
    if found["delay_seconds"] is not None:
        said += f"; half of the labels came within {delay(found['delay_seconds'])}"
    rows = []
    if evaluated["value"] is not None:
        cells = _cells(evaluated["value"], evaluated["low"], evaluated["high"])
        rows.append(["On the holdout, before it went into service", *cells, ""])
    if found["measured"]:
        rows.append(["Measured, against labels", *_of_rows(found["measured"])])
    if window and window["estimated"]:
        rows.append(["Estimated, latest window, without labels", *_of_rows(window["estimated"])])
    title = METRICS[evaluated["metric"]].title
    verdict = _verdict(found)
    return section(
        "quality",
        "How good it is",
        f"{said}.",
        html_table(title, [title, "#Value", "#Interval", "#Rows"], rows) if rows else None,
        element("p", f"{verdict[0].upper()}{verdict[1:]}.") if verdict else None,
    )


def _verdict(found: QualityDocument) -> str:
    if found["why"]:
        return found["why"]
    if found["breaks_gate"]:
        return "surely below the gate"
    return "surely worse than on the holdout" if found["worse"] else ""


def _of_rows(found: FigureDocument) -> list[str]:
    return [*_cells(found["value"], found["low"], found["high"]), counted(found["rows"])]


def _cells(value: float, low: float | None, high: float | None) -> list[str]:
    between = f"{figure(low)} to {figure(high)}" if low is not None and high is not None else ""
    return [figure(value), between]


def hits_section(look: MonitoringReport) -> Html | None:
    """Say whether recommended items were chosen."""
    found = look["hits"]
    if found is None:
        return None
    after = f"{counted(found['answered'])} of them were followed by an interaction of the same user within a day"
    recommendations = counted(found["recommendations"], "recommendation")
    said = f"{recommendations} since {for_people(found['since'])}, as far as their day is over; {after}."
    rate = found["rate"]
    taken = "" if rate is None else f" That is {share(rate['value'])} ({shares(rate)})."
    return section(
        "hits",
        "Were the recommendations taken?",
        said,
        element("p", f"After {counted(found['taken'], 'recommendation')} the user chose a recommended item.{taken}"),
        element(
            "p",
            f"{share(found['popular'])} of the recommendations went to users of whom nothing was known.",
            class_="soft",
        ),
    )
