"""Rows that a version answered in service, as arrays: a sample of them stands for all.

A sample is the rows whose ids have the smallest hashes. Which rows these are depends on no order, so that the samples
of two sets of rows make the sample of both.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from refrain.lake.packed_columns import pack_arrays, pack_columns, unpack_arrays, unpack_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from preprocessing import Array, Columns


@dataclass(frozen=True)
class ObservedRows:
    """Rows in the order of the `hashes` of their ids (uint64), with the `times` of the answers (datetime64[us], UTC).

    `columns` are the typed inputs, `matrix` what the model got of them (float32 [rows, features]), `answers` what it
    answered (float64 [rows, classes] or [rows, 1]). `bounds` are those of the errors that callers were told
    (float64, NaN where they were told none). `entities` are hashes (uint64) that equal rows of one entity have.
    """

    hashes: Array
    times: Array
    columns: Columns
    matrix: Array
    answers: Array
    bounds: Array
    entities: Array

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.hashes)

    def select(self, chosen: Array) -> Self:
        """Return some of the rows, by a mask or by their indexes."""
        arrays = {name: getattr(self, name)[chosen] for name in _ARRAYS}
        return replace(self, columns={name: array[chosen] for name, array in self.columns.items()}, **arrays)

    def smallest(self, rows: int) -> Self:
        """Return the sample of at most so many rows."""
        return self if len(self) <= rows else self.select(np.arange(rows))

    def within(self, bound: np.uint64, since: np.datetime64, until: np.datetime64) -> Self:
        """Return the rows with a hash of at most `bound` that were answered from `since` to before `until`."""
        return self.select((self.hashes <= bound) & (self.times >= since) & (self.times < until))

    @classmethod
    def join(cls, parts: Sequence[Self]) -> Self:
        """Return the rows of several sets of rows with the same columns; a row that several have comes once."""
        arrays = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _ARRAYS}
        columns = {name: np.concatenate([part.columns[name] for part in parts]) for name in parts[0].columns}
        return cls(columns=columns, **arrays).select(np.unique(arrays["hashes"], return_index=True)[1])

    def pack(self) -> bytes:
        """Write them: the same rows are the same bytes."""
        columns = np.frombuffer(pack_columns(self.columns), np.uint8)
        return pack_arrays(columns=columns, **{name: getattr(self, name) for name in _ARRAYS})

    @classmethod
    def unpack(cls, data: bytes) -> Self:
        """Read what `pack` wrote."""
        arrays = unpack_arrays(data)
        return cls(columns=unpack_columns(arrays.pop("columns").tobytes()), **arrays)


_ARRAYS = ("hashes", "times", "matrix", "answers", "bounds", "entities")
