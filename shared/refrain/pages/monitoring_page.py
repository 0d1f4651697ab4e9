"""A monitoring report as a page for people: what changed, since when, how much it matters, and what was decided.

Plain functions from the report to strings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from refrain.pages import monitoring_charts
from refrain.pages.frame import framed, heading, section, tile
from refrain.pages.html import Html, element
from refrain.pages.monitoring_sections import changes_section, hits_section, news_section, quality_section
from refrain.pages.monitoring_words import capitalised, range_of, row_noun, share_range
from refrain.statistics.metrics import METRICS
from refrain.times import for_people
from refrain.words import counted, figure, share

if TYPE_CHECKING:
    from refrain.lake.monitoring_report import Estimate, MonitoringReport

METHODS = (
    "Drift: permutation tests of homogeneity on cells, with the design effect where consecutive rows are alike (Rao & "
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


def render_monitoring_report(report: MonitoringReport) -> str:
    """Return a report as one self-contained HTML file; its texts may hold anything, they are escaped."""
    window = report.window
    return framed(
        f"Monitoring of {report.model}: {report.state}",
        _header(report),
        _decision(report),
        changes_section(report, window) if window else None,
        _over_time(report) if report.history else None,
        quality_section(report),
        hits_section(report),
        news_section(report, window) if window else None,
        methods=METHODS,
        style=monitoring_charts.STYLE,
    )


def _header(report: MonitoringReport) -> Html:
    words, kind = BADGES[report.state]
    particulars = [f"Monitoring report of {for_people(report.time)}"]
    if report.version and report.served_since:
        particulars += [f"version {report.version}", f"in service since {for_people(report.served_since)}"]
    if report.window:
        since, until = for_people(report.window.since), for_people(report.window.until)
        particulars.append(f"latest window {since} to {until}")
    badge = element("span", words, class_=f"badge {kind}".strip())
    title = f"Monitoring of {report.model}"
    return heading(title, badge, report.summary, " · ".join(particulars), [*_window_tiles(report), *_tiles(report)])


def _window_tiles(report: MonitoringReport) -> list[Html]:
    window = report.window
    if window is None:
        return []
    drifted = sum(distribution.drifted for distribution in window.distributions)
    return [
        tile("Drifted", f"{drifted} of {window.distributions_tested}", "distributions, latest window"),
        tile(f"{row_noun(report).capitalize()}s", counted(window.rows), "in the latest window"),
    ]


def _tiles(report: MonitoringReport) -> list[Html]:
    evaluated, tiles = report.evaluated, []
    rate = report.hits and report.hits.rate
    if rate:
        tiles.append(tile("Recommendations taken", share(rate.value), share_range(rate)))
    if evaluated:
        title = METRICS[evaluated.metric].title
        measured, estimated = report.quality and report.quality.measured, report.window and report.window.estimated
        for name, estimate in (("measured", measured), ("estimated", estimated)):
            if estimate:
                tiles.append(tile(f"{title}, {name}", figure(estimate.value), _range_and_rows(estimate)))
        if evaluated.value is not None:
            bound = f"the gate asks for {figure(evaluated.bound)}" if evaluated.bound is not None else "no gate"
            tiles.append(tile(f"{title}, on the holdout", figure(evaluated.value), bound))
    return tiles


def _range_and_rows(estimate: Estimate) -> str:
    return f"{range_of(estimate)}, {counted(estimate.rows, 'row')}"


def _decision(report: MonitoringReport) -> Html:
    decision = report.decision
    note = f"A run was started: {decision.execution}." if decision.start else "No run was started."
    return section("decision", "What was decided", note, element("p", f"{capitalised(decision.reason)}."))


def _over_time(report: MonitoringReport) -> Html:
    windows = counted(len(report.history), "judged window")
    note = f"The last {windows}. An upright line marks where another version took over."
    return section("time", "Over time", note, element("div", *monitoring_charts.multiples(report), class_="multiples"))
