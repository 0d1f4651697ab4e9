"""A judged window, as the monitoring report has it: what its tests showed, bounded in length."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refrain.lake.monitoring_report import Distribution, JudgedWindow
from refrain.times import to_iso

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from refrain.lake.monitoring_report import Estimate, MissingValues, NewValues, PastWindow
    from refrain.monitoring.drift import DriftTest
    from refrain.monitoring.windows import Window
    from refrain.statistics.homogeneity import Counts

MAX_REPORTED_DISTRIBUTIONS = 60
"""Distributions with figures in a report; those that drifted and those that matter come first."""

MAX_REPORTED_CELLS = 12
"""Distributions that are reported with their cells too."""

MAX_LISTED_FEATURES = 20


def report_window(
    window: Window,
    rows: int,
    tests: Sequence[DriftTest],
    least_effect: float,
    past: Sequence[PastWindow],
    *,
    unfamiliar: float,
    unfamiliar_features: Mapping[str, float] | None = None,
    new_values: Sequence[NewValues] = (),
    missing: Sequence[MissingValues] = (),
    estimated: Estimate | None = None,
    estimated_breaks_gate: bool = False,
) -> JudgedWindow:
    """Report a window of so many rows by the tests of its distributions; `past` are the windows before it."""
    since = to_iso(window.since)
    return JudgedWindow(
        since=since,
        until=to_iso(window.until),
        rows=rows,
        alarmed=estimated_breaks_gate or any(test.drifted for test in tests),
        estimated=estimated,
        estimated_breaks_gate=estimated_breaks_gate,
        unfamiliar=unfamiliar,
        unfamiliar_features=dict(unfamiliar_features or {}),
        distributions=tuple(
            _report_distribution(test, least_effect, since, past, with_cells=rank < MAX_REPORTED_CELLS)
            for rank, test in enumerate(tests[:MAX_REPORTED_DISTRIBUTIONS])
        ),
        distributions_tested=len(tests),
        new_values=tuple(new_values[:MAX_LISTED_FEATURES]),
        missing=tuple(missing[:MAX_LISTED_FEATURES]),
    )


def _report_distribution(
    test: DriftTest, least_effect: float, since: str, past: Sequence[PastWindow], *, with_cells: bool
) -> Distribution:
    return Distribution(
        name=test.name,
        answer=test.answer,
        p=test.p,
        effect=test.effect,
        drifted=test.drifted,
        usual=bool(test.reference.movements) and not test.drifted and test.effect >= least_effect,
        importance=test.importance,
        matters=test.matters,
        since=drifting_since(test.name, since, past) if test.drifted else None,
        cells=tuple(test.reference.labels) if with_cells else (),
        reference=_shares(test.reference.counts) if with_cells else (),
        window=_shares(test.window) if with_cells else (),
    )


def _shares(counts: Counts) -> tuple[float, ...]:
    return tuple((counts / max(int(counts.sum()), 1)).round(6).tolist())


def drifting_since(name: str, since: str, past: Sequence[PastWindow]) -> str:
    """Return when the first of the latest windows in a row began in which a distribution drifted."""
    for window in reversed(past):
        if name not in window.drifted:
            break
        since = window.since
    return since
