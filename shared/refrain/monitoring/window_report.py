"""A judged window, as the monitoring report has it: what its tests showed, bounded in length."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from refrain.lake.monitoring_report import JudgedWindow
from refrain.times import to_iso

if TYPE_CHECKING:
    from collections.abc import Sequence

    from refrain.lake.monitoring_report import Distribution, PastWindow
    from refrain.monitoring.drift import DriftTest
    from refrain.monitoring.windows import Window
    from refrain.statistics.homogeneity import Counts

MAX_REPORTED_DISTRIBUTIONS = 60
"""Distributions with figures in a report; those that drifted and those that matter come first."""

MAX_REPORTED_CELLS = 12
"""Distributions that are reported with their cells too."""


def report_window(
    window: Window, rows: int, tests: Sequence[DriftTest], least_effect: float, past: Sequence[PastWindow]
) -> JudgedWindow:
    """Report a window of so many rows by the tests of its distributions; `past` are the windows before it."""
    since = to_iso(window.since)
    distributions = [_with_context(test, least_effect, since, past) for test in tests[:MAX_REPORTED_DISTRIBUTIONS]]
    with_cells = [_with_cells(*pair) for pair in zip(distributions[:MAX_REPORTED_CELLS], tests, strict=False)]
    return JudgedWindow(
        since=since,
        until=to_iso(window.until),
        rows=rows,
        alarmed=any(test.distribution.drifted for test in tests),
        distributions=(*with_cells, *distributions[MAX_REPORTED_CELLS:]),
        distributions_tested=len(tests),
    )


def _with_context(test: DriftTest, least_effect: float, since: str, past: Sequence[PastWindow]) -> Distribution:
    """Add since when a distribution drifts, or that its difference is usual."""
    distribution = test.distribution
    if distribution.drifted:
        return replace(distribution, since=drifting_since(distribution.name, since, past))
    return replace(distribution, usual=bool(test.reference.movements) and distribution.effect >= least_effect)


def _with_cells(distribution: Distribution, test: DriftTest) -> Distribution:
    reference, window = _shares(test.reference.counts), _shares(test.window)
    return replace(distribution, cells=tuple(test.reference.labels), reference=reference, window=window)


def _shares(counts: Counts) -> tuple[float, ...]:
    return tuple((counts / max(int(counts.sum()), 1)).round(6).tolist())


def drifting_since(name: str, since: str, past: Sequence[PastWindow]) -> str:
    """Return when the first of the latest windows in a row began in which a distribution drifted."""
    for window in reversed(past):
        if name not in window.drifted:
            break
        since = window.since
    return since
