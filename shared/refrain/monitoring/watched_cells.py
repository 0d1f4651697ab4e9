"""The cells in which a version's rows are counted: those of its features, then those of its answers."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Self

import numpy as np

from refrain.lake.hour_counts import HourCounts, RowNotes
from refrain.monitoring.reference import answer_references, feature_references
from refrain.unfamiliar import Combination

if TYPE_CHECKING:
    from collections.abc import Sequence

    from preprocessing import Array, Columns
    from refrain.lake.observed_rows import ObservedRows
    from refrain.monitoring.reference import Reference
    from refrain.monitoring.served_version import ServedVersion
    from refrain.statistics.homogeneity import Counts
    from refrain.unfamiliar import Unfamiliar

LAYOUT = 2
"""The layout of what is stored; a report reads no other."""


@dataclass(frozen=True)
class WatchedCells:
    """The references of all features of a version, by their column in the matrix, and of its answers, by theirs."""

    features: dict[int, Reference]
    answers: dict[int, Reference]

    @classmethod
    def of(cls, version: ServedVersion) -> Self:
        """Read them from a version's baseline."""
        references = {reference.name: reference for reference in feature_references(version.baseline, ())}
        features = {
            index: replace(references[name], history=version.history.features.get(name))
            for index, name in enumerate(version.definition.features)
            if name in references
        }
        answers = {
            index: replace(reference, history=version.history.answers.get(index))
            for index, reference in answer_references(version.baseline).items()
        }
        return cls(features, answers)

    @cached_property
    def references(self) -> list[Reference]:
        """All of them, in the order of their cells."""
        return [*self.features.values(), *self.answers.values()]

    def scheme(self, seconds: int) -> str:
        """Name the way in which rows are counted in spans of so many seconds: only counts of one scheme add up."""
        cells = [
            (reference.name, reference.edges, reference.frequent, len(reference.counts))
            for reference in self.references
        ]
        return hashlib.blake2b(json.dumps([LAYOUT, seconds, cells]).encode(), digest_size=6).hexdigest()

    def count(self, rows: ObservedRows, columns: Columns, unfamiliar: Sequence[Unfamiliar], hours: Array) -> HourCounts:
        """Count rows with these typed inputs.

        `unfamiliar` is what is unlike training in each, `hours` are the starts of their hours.
        """
        starts, hour_numbers = np.unique(hours, return_inverse=True)
        observed = self._values(rows, columns)
        cells = [
            _count_by_hour(reference.cells(values), len(reference.counts), hour_numbers, len(starts))
            for reference, values in observed
        ]
        categories = [(reference, values) for reference, values in observed if reference.category]
        notes = []
        for number in range(len(starts)):
            of_hour = np.flatnonzero(hour_numbers == number).tolist()
            new = {reference.name: reference.new_values(values[of_hour]) for reference, values in categories}
            notes.append(RowNotes.of(chain.from_iterable(unfamiliar[row] for row in of_hour), new))
        marks = (None, [bool(note) for note in unfamiliar], [isinstance(note, Combination) for note in unfamiliar])
        of_hours, with_any, together = (np.bincount(hour_numbers, mark, len(starts)).astype(np.int64) for mark in marks)
        return HourCounts(
            starts=starts,
            rows=of_hours,
            unfamiliar=with_any,
            combinations=together,
            cells=np.concatenate(cells, axis=1),
            notes=notes,
        )

    def split(self, cells: Counts) -> list[Counts]:
        """Return the counts of each reference, of all counts [cells] or [hours, cells]."""
        ends = np.cumsum([len(reference.counts) for reference in self.references])[:-1]
        return np.split(cells, ends, axis=-1)

    def _values(self, rows: ObservedRows, columns: Columns) -> list[tuple[Reference, Array]]:
        """Return each feature as the baseline describes it (categories as they are, others encoded), then answers."""
        features = [
            (reference, columns[reference.name] if reference.category else rows.matrix[:, index])
            for index, reference in self.features.items()
        ]
        return features + [(reference, rows.answers[:, index]) for index, reference in self.answers.items()]


def _count_by_hour(cells: Array, width: int, hour_numbers: Array, hours: int) -> Counts:
    return np.bincount(hour_numbers * width + cells, minlength=hours * width).reshape(hours, width)
