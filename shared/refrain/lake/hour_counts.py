"""How many rows fell into which cell, hour by hour: statistics that add up, whatever parts of the rows they are of."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import numpy as np

from refrain.lake.packed_columns import compress_arrays, unpack_arrays

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from preprocessing import Array

MAX_NOTED_VALUES = 50
"""New values that are counted one by one, for each feature."""

REST = ""
"""All other new values; no category is an empty text."""


@dataclass(frozen=True)
class RowNotes:
    """What was noticed in rows, as numbers of rows: unfamiliar features, alone or together, and new categories."""

    unfamiliar: Counter[str] = field(default_factory=Counter)
    new: dict[str, Counter[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, unfamiliar: Iterable[str], new: Mapping[str, Counter[str]]) -> Self:
        """Note the unfamiliar features of rows, and the most frequent ones of the new values; the rest is `REST`."""
        return cls(Counter(unfamiliar), {name: _most_frequent(values) for name, values in new.items() if values})

    def add(self, other: RowNotes) -> None:
        """Add the notes of other rows to these."""
        self.unfamiliar.update(other.unfamiliar)
        for feature, values in other.new.items():
            self.new[feature] = _most_frequent(self.new.get(feature, Counter()) + values)


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
        arrays = {name: getattr(self, name)[chosen] for name in _ARRAYS}
        return type(self)(notes=[notes for notes, kept in zip(self.notes, chosen, strict=True) if kept], **arrays)

    @classmethod
    def join(cls, parts: Sequence[Self]) -> Self:
        """Add up the counts of several parts of the rows."""
        starts, hours = np.unique(np.concatenate([part.starts for part in parts]), return_inverse=True)
        notes = [RowNotes() for _ in starts]
        for hour, of_part in zip(hours, (notes for part in parts for notes in part.notes), strict=True):
            notes[hour].add(of_part)
        sums = {name: _sum_by_hour([getattr(part, name) for part in parts], hours) for name in _SUMMED}
        return cls(starts=starts, notes=notes, **sums)

    def pack(self) -> bytes:
        """Write them: the same counts are the same bytes."""
        notes = [[of_hour.unfamiliar, of_hour.new] for of_hour in self.notes]
        text = np.frombuffer(json.dumps(notes, sort_keys=True).encode(), np.uint8)
        return compress_arrays(notes=text, **{name: getattr(self, name) for name in _ARRAYS})

    @classmethod
    def unpack(cls, data: bytes) -> Self:
        """Read what `pack` wrote."""
        arrays = unpack_arrays(data)
        notes = [
            RowNotes(Counter(unfamiliar), {name: Counter(values) for name, values in new.items()})
            for unfamiliar, new in json.loads(arrays.pop("notes").tobytes())
        ]
        return cls(notes=notes, **arrays)


_SUMMED = ("rows", "unfamiliar", "combinations", "cells")
_ARRAYS = ("starts", *_SUMMED)


def _most_frequent(values: Counter[str]) -> Counter[str]:
    ordered = sorted(values, key=lambda value: (value == REST, -values[value], value))
    if len(ordered) <= MAX_NOTED_VALUES:
        return values
    kept = Counter({value: values[value] for value in ordered[:MAX_NOTED_VALUES]})
    return kept + Counter({REST: values.total() - kept.total()})


def _sum_by_hour(parts: Sequence[Array], hours: Array) -> Array:
    joined = np.concatenate(parts)
    total = np.zeros((int(hours.max(initial=-1)) + 1, *joined.shape[1:]), np.int64)
    np.add.at(total, hours, joined)
    return total
