"""How many rows fell into which cell, hour by hour: statistics that add up, whatever they are counted from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from preprocessing import Array


@dataclass(frozen=True)
class RowNotes:
    """What was noticed in rows, as numbers of rows: unfamiliar features, alone or together, and new categories."""

    unfamiliar: Counter[str] = field(default_factory=Counter)
    new: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, other: RowNotes) -> None:
        """Add the notes of other rows to these."""
        self.unfamiliar.update(other.unfamiliar)
        for feature, values in other.new.items():
            self.new.setdefault(feature, Counter()).update(values)


@dataclass(frozen=True)
class HourCounts:
    """Counts of hours, or of shorter spans, in the order of their `starts` (datetime64[us], UTC).

    `rows`, `unfamiliar` (rows with anything unfamiliar) and `combinations` (those of them without a single value that
    is) are int64 [hours], `cells` int64 [hours, cells].
    """

    starts: Array
    rows: Array
    unfamiliar: Array
    combinations: Array
    cells: Array
    notes: Sequence[RowNotes]

    def between(self, first: np.datetime64, last: np.datetime64) -> Self:
        """Return the hours that begin from `first` to before `last`."""
        chosen = (self.starts >= first) & (self.starts < last)
        return type(self)(
            starts=self.starts[chosen],
            rows=self.rows[chosen],
            unfamiliar=self.unfamiliar[chosen],
            combinations=self.combinations[chosen],
            cells=self.cells[chosen],
            notes=[notes for notes, kept in zip(self.notes, chosen, strict=True) if kept],
        )

    @classmethod
    def join(cls, parts: Sequence[Self]) -> Self:
        """Add up the counts of several parts of the rows."""
        starts, hours = np.unique(np.concatenate([part.starts for part in parts]), return_inverse=True)
        notes = [RowNotes() for _ in starts]
        for hour, of_part in zip(hours, (notes for part in parts for notes in part.notes), strict=True):
            notes[hour].add(of_part)
        sums = {name: _sum_by_hour([getattr(part, name) for part in parts], hours) for name in _SUMMED}
        return cls(starts=starts, notes=notes, **sums)


_SUMMED = ("rows", "unfamiliar", "combinations", "cells")


def _sum_by_hour(parts: Sequence[Array], hours: Array) -> Array:
    joined = np.concatenate(parts)
    total = np.zeros((int(hours.max(initial=-1)) + 1, *joined.shape[1:]), np.int64)
    np.add.at(total, hours, joined)
    return total
