"""A judged window, as the monitoring report has it: its tests, and what training did not see; all bounded in length."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING

from refrain.lake.judged_window import JudgedWindow, MissingValues, NewValues
from refrain.times import to_iso

if TYPE_CHECKING:
    from collections.abc import Sequence

    from preprocessing import Columns
    from refrain.lake.capture.predictions import Captured
    from refrain.lake.judged_window import Distribution, PastWindow
    from refrain.monitoring.drift import DriftTest
    from refrain.monitoring.reference import Reference
    from refrain.monitoring.windows import Window
    from refrain.statistics.homogeneity import Counts

MAX_REPORTED_DISTRIBUTIONS = 60
"""Distributions with figures in a report; those that drifted and those that matter come first."""

MAX_REPORTED_CELLS = 12
"""Distributions that are reported with their cells too."""

MAX_LISTED_FEATURES = 20
"""Features in each other list of a report."""

MAX_NEW_VALUES = 5
"""New values that are named for each category."""


def report_window(
    window: Window, rows: int, tests: Sequence[DriftTest], least_effect: float, past: Sequence[PastWindow]
) -> JudgedWindow:
    """Report a window of so many rows by the tests of its distributions; `past` are the windows before it."""
    since = to_iso(window.since)
    distributions = [_with_context(test, least_effect, since, past) for test in tests[:MAX_REPORTED_DISTRIBUTIONS]]
    for index, test in enumerate(tests[:MAX_REPORTED_CELLS]):
        labels, of_training, of_window = test.reference.labels, _shares(test.reference.counts), _shares(test.window)
        with_cells = replace(distributions[index], cells=tuple(labels), reference=of_training, window=of_window)
        distributions[index] = with_cells
    return JudgedWindow(
        since=since,
        until=to_iso(window.until),
        rows=rows,
        alarmed=any(test.distribution.drifted for test in tests),
        distributions=tuple(distributions),
        distributions_tested=len(tests),
    )


def _with_context(test: DriftTest, least_effect: float, since: str, past: Sequence[PastWindow]) -> Distribution:
    """Add when the first of the latest windows in a row began in which it drifted, or that its difference is usual."""
    distribution = test.distribution
    if distribution.drifted:
        drifting = takewhile(lambda window: distribution.name in window.drifted, reversed(past))
        return replace(distribution, since=[since, *(window.since for window in drifting)][-1])
    return replace(distribution, usual=bool(test.reference.movements) and distribution.effect >= least_effect)


def _shares(counts: Counts) -> tuple[float, ...]:
    return tuple((counts / max(int(counts.sum()), 1)).round(6).tolist())


def unfamiliar_shares(captured: Captured) -> tuple[float, dict[str, float]]:
    """Return the share of rows with anything unlike the training data, and that of each feature, greatest first."""
    counts = Counter(name for row in captured.rows for name in row.unfamiliar).most_common(MAX_LISTED_FEATURES)
    rows = max(len(captured), 1)
    return sum(1 for row in captured.rows if row.unfamiliar) / rows, {name: count / rows for name, count in counts}


def new_values(references: Sequence[Reference], columns: Columns) -> tuple[NewValues, ...]:
    """List the categories with values that training did not see, those with the most rows first."""
    results = []
    for reference in references:
        if reference.category and reference.name in columns:
            values = columns[reference.name]
            new = Counter(value for value in values if value is not None and value not in reference.trained_values)
            if new:
                frequent = tuple(value for value, _ in new.most_common(MAX_NEW_VALUES))
                share = new.total() / len(values)
                results.append(NewValues(reference.name, share, reference.expected_new, frequent))
    return tuple(sorted(results, key=lambda result: -result.share)[:MAX_LISTED_FEATURES])


def missing_values(tests: Sequence[DriftTest]) -> tuple[MissingValues, ...]:
    """List the features with missing values in the window or in training, those with the greatest change first."""
    results = [
        MissingValues(test.reference.name, _last_share(test.window), _last_share(test.reference.counts))
        for test in tests
        if not test.distribution.answer
    ]
    with_any = [result for result in results if result.share or result.reference]
    return tuple(sorted(with_any, key=lambda result: -abs(result.share - result.reference))[:MAX_LISTED_FEATURES])


def _last_share(counts: Counts) -> float:
    return float(counts[-1] / max(counts.sum(), 1))
