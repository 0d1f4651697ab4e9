"""A judged window, as the monitoring report has it: its tests, and what training did not see; all bounded in length."""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING

from refrain.lake.hour_counts import REST
from refrain.lake.judged_window import JudgedWindow, MissingValues, NewValues
from refrain.times import to_iso

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from refrain.lake.hour_counts import RowNotes
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


def report_window(window: Window, rows: int, tests: Sequence[DriftTest], past: Sequence[PastWindow]) -> JudgedWindow:
    """Report a window of so many rows by the tests of its distributions; `past` are the windows before it."""
    since = to_iso(window.since)
    distributions = [_with_context(test, since, past) for test in tests[:MAX_REPORTED_DISTRIBUTIONS]]
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


def _with_context(test: DriftTest, since: str, past: Sequence[PastWindow]) -> Distribution:
    """Add when the first of the latest windows in a row began in which it drifted, or that its difference is usual."""
    distribution = test.distribution
    if distribution.drifted:
        drifting = takewhile(lambda window: distribution.name in window.drifted, reversed(past))
        return replace(distribution, since=[since, *(window.since for window in drifting)][-1])
    return replace(distribution, usual=test.reference.has_moved and distribution.effect >= 1)


def _shares(counts: Counts) -> tuple[float, ...]:
    return tuple((counts / max(int(counts.sum()), 1)).round(6).tolist())


def unfamiliar_features(notes: RowNotes, rows: int) -> dict[str, float]:
    """Return the share of rows in which each feature was unlike the training data, greatest first."""
    counts = sorted(notes.unfamiliar.items(), key=lambda item: (-item[1], item[0]))[:MAX_LISTED_FEATURES]
    return {name: count / rows for name, count in counts}


def new_values(
    references: Sequence[Reference], new: Mapping[str, Mapping[str, int]], rows: int
) -> tuple[NewValues, ...]:
    """List the categories with values that training did not see, those with the most rows first.

    `new` has the number of rows with each new value, by feature.
    """
    results = []
    for reference in references:
        if counts := new.get(reference.name):
            frequent = sorted(counts.keys() - {REST}, key=lambda value: (-counts[value], value))[:MAX_NEW_VALUES]
            share = sum(counts.values()) / rows
            results.append(NewValues(reference.name, share, reference.expected_new, tuple(frequent)))
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
