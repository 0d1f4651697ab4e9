"""What arrived in a window, besides its distributions: how much, with how many gaps, and what training never saw."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from preprocessing import Columns
    from refrain.lake.capture.reading import Captured
    from refrain.monitoring.drift import Moved
    from refrain.monitoring.reference import Reference
    from refrain.statistics.homogeneity import Counts

MOST_NEW = 5


@dataclass(frozen=True)
class New:
    """Values of a category that training did not see: the share of rows that have one, and the share to be expected.

    To be expected is the share of training rows whose value occurred once (Good, The population frequencies of species,
    1953).
    """

    feature: str
    share: float
    expected: float
    values: tuple[str, ...]


@dataclass(frozen=True)
class Gaps:
    """Missing values of a feature: the share in the window and in training."""

    feature: str
    share: float
    reference: float


def unfamiliar_shares(captured: Captured) -> tuple[float, dict[str, float]]:
    """Return the share of rows with anything unlike the training data, and that of each feature, greatest first."""
    counts = Counter(name for row in captured.rows for name in row.unfamiliar)
    rows = max(len(captured), 1)
    return sum(1 for row in captured.rows if row.unfamiliar) / rows, {
        name: count / rows for name, count in counts.most_common()
    }


def new_values(references: Sequence[Reference], columns: Columns) -> list[New]:
    """List the categories with values that training did not see, those with the most rows first."""
    found = []
    for each in references:
        if each.category and each.name in columns:
            values = columns[each.name]
            new = Counter(value for value in values if value is not None and value not in each.known)
            if new:
                often = tuple(name for name, _ in new.most_common(MOST_NEW))
                found.append(New(each.name, new.total() / len(values), each.expected_new, often))
    return sorted(found, key=lambda new: -new.share)


def missing_values(moved: Sequence[Moved]) -> list[Gaps]:
    """List the features with missing values in the window or in training, those with the greatest change first."""
    found = [Gaps(each.name, _last(each.window), _last(each.reference.counts)) for each in moved if not each.answer]
    return sorted((gap for gap in found if gap.share or gap.reference), key=lambda gap: -abs(gap.share - gap.reference))


def _last(counts: Counts) -> float:
    return float(counts[-1] / max(counts.sum(), 1))
