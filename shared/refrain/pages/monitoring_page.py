"""A look as a page that people read: what changed, since when, how much it matters, and what was decided.

Plain functions from the document to strings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from refrain.pages import monitoring_charts
from refrain.pages.frame import framed, heading, tile
from refrain.pages.html import Html, element
from refrain.pages.monitoring_changes import arrived, changed
from refrain.pages.monitoring_outcomes import hits_section, quality_section
from refrain.pages.monitoring_words import noun_in, shares
from refrain.pages.run_sections import section
from refrain.statistics.metrics import METRICS
from refrain.times import for_people
from refrain.words import counted, figure, share

if TYPE_CHECKING:
    from refrain.lake.monitoring_report import FigureDocument, MonitoringReport

METHODS = (
    "Drift: permutation tests of homogeneity on cells, with the design effect where rows in a row are alike (Rao & "
    "Scott 1984), at a false discovery rate of 0.5 % over all distributions of a window (Benjamini & Hochberg 1995). "
    "Effect: population stability index less its expectation by chance. Importance: loss by permutation on the "
    "holdout. Estimated quality: by the model's own probabilities, calibrated on the holdout (Guillory et al. 2021). "
    "Intervals: bootstrap."
)
BADGES = {
    "steady": ("= Steady", "promoted"),
    "watch": ("! Watch", "superseded"),
    "drifted": ("≠ Drifted", "refused"),
    "not_judged": ("∅ Not judged yet", ""),
}


def render_monitoring_report(look: MonitoringReport) -> str:
    """Return a look as one self-contained HTML file; its texts may hold anything, they are escaped."""
    window = look["window"]
    return framed(
        f"Monitoring of {look['model']}: {look['state']}",
        _header(look),
        _decision(look),
        changed(look, window) if window else None,
        _over_time(look) if look["history"] else None,
        quality_section(look),
        hits_section(look),
        arrived(look, window) if window else None,
        methods=METHODS,
        style=monitoring_charts.STYLE,
    )


def _header(look: MonitoringReport) -> Html:
    words, kind = BADGES[look["state"]]
    told = [f"Looked at on {for_people(look['time'])}"]
    if look["version"] and look["served_since"]:
        told += [f"version {look['version']}", f"in service since {for_people(look['served_since'])}"]
    if look["window"]:
        told.append(f"latest window {for_people(look['window']['since'])} to {for_people(look['window']['until'])}")
    badge = element("span", words, class_=f"badge {kind}".strip())
    return heading(f"Monitoring of {look['model']}", badge, look["summary"], " · ".join(told), _tiles(look))


def _tiles(look: MonitoringReport) -> list[Html]:
    tiles = []
    window, evaluated, measured = look["window"], look["evaluated"], look["quality"] and look["quality"]["measured"]
    if window:
        moved = [each for each in window["features"] if each["drifted"]]
        tiles.append(tile("Drifted", f"{len(moved)} of {window['features_tested']}", "distributions, latest window"))
        tiles.append(tile(noun_in(look).capitalize() + "s", counted(window["rows"]), "in the latest window"))
    rate = look["hits"] and look["hits"]["rate"]
    if rate:
        tiles.append(tile("Recommendations taken", share(rate["value"]), shares(rate)))
    if evaluated:
        title = METRICS[evaluated["metric"]].title
        if measured:
            tiles.append(tile(f"{title}, measured", figure(measured["value"]), _between(measured)))
        if window and window["estimated"]:
            tiles.append(
                tile(f"{title}, estimated", figure(window["estimated"]["value"]), _between(window["estimated"]))
            )
        if evaluated["value"] is not None:
            bound = f"the gate asks for {figure(evaluated['bound'])}" if evaluated["bound"] is not None else "no gate"
            tiles.append(tile(f"{title}, on the holdout", figure(evaluated["value"]), bound))
    return tiles


def _between(found: FigureDocument) -> str:
    return f"{figure(found['low'])} to {figure(found['high'])}, {counted(found['rows'], 'row')}"


def _decision(look: MonitoringReport) -> Html:
    decision = look["decision"]
    what = f"A run was started: {decision['execution']}." if decision["start"] else "No run was started."
    reason = decision["reason"]
    return section("decision", "What was decided", what, element("p", f"{reason[0].upper()}{reason[1:]}."))


def _over_time(look: MonitoringReport) -> Html:
    windows = counted(len(look["history"]), "judged window")
    note = f"The last {windows}. An upright line is where another version took over."
    return section("time", "Over time", note, element("div", *monitoring_charts.multiples(look), class_="multiples"))
