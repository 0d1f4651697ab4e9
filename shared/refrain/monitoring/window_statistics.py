"""What monitoring sees of a window: counts of all its rows by cell and by hour, and samples of the rows themselves."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from refrain.lake.hour_counts import RowNotes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from preprocessing import Array
    from refrain.lake.hour_counts import HourCounts
    from refrain.lake.observed_rows import ObservedRows
    from refrain.monitoring.reference import Reference
    from refrain.monitoring.watched_cells import WatchedCells
    from refrain.statistics.homogeneity import Counts

MAX_SAMPLED_ROWS, MIN_SAMPLED_ROWS = 20_000, 2_000
"""Rows that stand for all rows of a window, and labelled rows that stand for all labelled ones."""

MAX_SAMPLED_VALUES = 300_000
"""Values of features in such a sample: more features have fewer rows, so that a report reads a few megabytes."""


def max_sampled_rows(features: int) -> int:
    """Return how many rows of so many features a sample may have.

    >>> [max_sampled_rows(features) for features in (3, 25, 500)]
    [20000, 12000, 2000]
    """
    return min(MAX_SAMPLED_ROWS, max(MIN_SAMPLED_ROWS, MAX_SAMPLED_VALUES // features))


@dataclass(frozen=True)
class LabelledSample:
    """A sample of the rows with a label: `truth` is the typed target (none missing), `delays` are seconds.

    `share` is the share of rows that have a label.
    """

    rows: ObservedRows
    truth: Array
    delays: Array
    share: float

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.rows)


@dataclass(frozen=True)
class WindowStatistics:
    """A window's rows as counts by hour, and a `sample` of at most `max_sampled_rows` of them.

    `labelled` are rows of the time for which quality is measured, which is often longer than the window.
    """

    cells: WatchedCells
    hours: HourCounts
    sample: ObservedRows
    labelled: LabelledSample

    @property
    def rows(self) -> int:
        """The number of rows."""
        return int(self.hours.rows.sum())

    @cached_property
    def counts(self) -> list[tuple[Reference, Counts]]:
        """Each feature and each answer, with the window's counts in its cells; features come first."""
        return list(zip(self.cells.references, self.cells.split(self.hours.cells.sum(axis=0)), strict=True))

    @cached_property
    def by_hour(self) -> list[tuple[Reference, Counts]]:
        """The same with counts [hours, cells]; `hours.starts` are the starts of the hours, `hours.rows` their rows."""
        return list(zip(self.cells.references, self.cells.split(self.hours.cells), strict=True))

    def feature_counts(self, ignore: Sequence[str]) -> list[tuple[Reference, Counts]]:
        """Return the counts of the features except those to ignore."""
        features = self.counts[: len(self.cells.features)]
        return [(reference, counts) for reference, counts in features if reference.name not in ignore]

    @property
    def answer_counts(self) -> list[tuple[Reference, Counts]]:
        """The counts of the answers."""
        return self.counts[len(self.cells.features) :]

    @cached_property
    def notes(self) -> RowNotes:
        """The unfamiliar features, and the values new to training, of all rows."""
        total = RowNotes()
        for notes in self.hours.notes:
            total.add(notes)
        return total

    @property
    def combinations_share(self) -> float:
        """The share of rows that are unlike the training data only in how their values go together."""
        return int(self.hours.combinations.sum()) / max(self.rows, 1)

    @property
    def unfamiliar_share(self) -> float:
        """The share of rows with anything unlike the training data."""
        return int(self.hours.unfamiliar.sum()) / max(self.rows, 1)
