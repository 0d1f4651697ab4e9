"""A monitoring report as a page for people: what changed, since when, how much it matters, and what was decided.

Plain functions from the report to strings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from refrain.pages.html import Html, badge, element, framed, heading, section
from refrain.pages.monitoring_causes import causes_section
from refrain.pages.monitoring_charts import multiples
from refrain.pages.monitoring_sections import changes_section, hits_section, news_section, quality_section
from refrain.pages.monitoring_words import capitalised, range_of, row_noun, share_range
from refrain.statistics.metrics import METRICS
from refrain.times import for_people
from refrain.words import counted, figure, share

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refrain.lake.monitoring_report import MonitoringReport

METHODS = (
    "Drift: permutation tests of homogeneity on cells, with the design effect where consecutive rows are alike (Rao & "
    "Scott 1984), at a false discovery rate of 1 % over all distributions of a window (Benjamini & Hochberg 1995). "
    "Change: normal scores of ranks (van der Waerden 1952) and shares; sure by a 95 % bound over all changes of a "
    "distribution (Bonferroni). Importance: loss by permutation on the holdout. Estimated quality: by calibrated "
    "probabilities (Platt 1999; Guillory et al. 2021), or by the errors of a regression on rows alike, less what the "
    "same estimate has wrong on the holdout. Its interval: resamples of rows and labels. Causes: rows that moved and "
    "rows that stayed (Cai, Namkoong & Yadlowsky 2023), Shapley values of the features whose inputs changed. Segments: "
    "half of the rows choose them, the other half measures. Intervals: bootstrap."
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
        causes_section(report),
        hits_section(report),
        news_section(report, window) if window else None,
        methods=METHODS,
    )


def _header(report: MonitoringReport) -> Html:
    particulars = [f"Monitoring report of {for_people(report.time)}"]
    if report.version and report.served_since:
        particulars += [f"version {report.version}", f"in service since {for_people(report.served_since)}"]
    if report.window:
        since, until = for_people(report.window.since), for_people(report.window.until)
        particulars.append(f"latest window {since} to {until}")
    title, mark = f"Monitoring of {report.model}", badge(*BADGES[report.state])
    tiles, rest = [*_window_tiles(report), *_quality_tiles(report)], report.summary.removeprefix(report.headline)
    return heading(title, mark, report.headline, particulars, tiles, more=[rest.strip()] if rest else [])


def _window_tiles(report: MonitoringReport) -> Iterator[tuple[str, str, str]]:
    window, rate = report.window, report.hits and report.hits.rate
    if window:
        drifted = sum(distribution.drifted for distribution in window.distributions)
        yield "Drifted", f"{drifted} of {window.distributions_tested}", "distributions, latest window"
        yield f"{row_noun(report).capitalize()}s", counted(window.rows), "in the latest window"
    if rate:
        yield "Recommendations taken", share(rate.value), share_range(rate)


def _quality_tiles(report: MonitoringReport) -> Iterator[tuple[str, str, str]]:
    evaluated, quality, window = report.evaluated, report.quality, report.window
    if evaluated is None:
        return
    title = METRICS[evaluated.metric].title
    estimates = {"measured": quality and quality.measured, "estimated": window and window.estimated}
    for name, estimate in estimates.items():
        if estimate:
            note = f"{range_of(estimate)}, {counted(estimate.rows, 'row')}"
            yield f"{title}, {name}", figure(estimate.value), note
    if evaluated.value is not None:
        bound = f"the gate asks for {figure(evaluated.bound)}" if evaluated.bound is not None else "no gate"
        yield f"{title}, on the holdout", figure(evaluated.value), bound


def _decision(report: MonitoringReport) -> Html:
    decision = report.decision
    note = f"A run was started: {decision.execution}." if decision.start else "No run was started."
    return section("decision", "What was decided", note, element("p", f"{capitalised(decision.reason)}."))


def _over_time(report: MonitoringReport) -> Html:
    windows = counted(len(report.history), "judged window")
    note = f"The last {windows}. An upright line marks where another version took over."
    return section("time", "Over time", note, element("div", *multiples(report), class_="multiples"))
