"""What training did not see in the rows of a window: unfamiliar features, new values of categories, missing values."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from refrain.lake.monitoring_report import MissingValues, NewValues

if TYPE_CHECKING:
    from collections.abc import Sequence

    from preprocessing import Columns
    from refrain.lake.capture.reading import Captured
    from refrain.monitoring.drift import DriftTest
    from refrain.monitoring.reference import Reference
    from refrain.statistics.homogeneity import Counts

MAX_LISTED_FEATURES = 20
"""Features in each list of a report."""

MAX_NEW_VALUES = 5
"""New values that are named for each category."""


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
