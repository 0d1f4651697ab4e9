"""Rows that a version answered in service, as arrays: a sample of them stands for all.

A sample is the rows whose ids have the smallest hashes. Which rows these are depends on no order, so that the samples
of two sets of rows make the sample of both.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from preprocessing import Array

MAX_HEADER_BYTES = 512
"""What `pack` writes before the first row is no longer."""


@dataclass(frozen=True)
class ObservedRows:
    """Rows in the order of the `hashes` of their ids (uint64), with the `times` of the answers (datetime64[us], UTC).

    `matrix` is what the model got (float32 [rows, features]), `answers` what it answered (float64 [rows, classes] or
    [rows, 1]). `bounds` are those of the errors that callers were told (float64, NaN where they were told none).
    `entities` are hashes (uint64) that equal rows of one entity have; where rows have none, it is their own hash.
    """

    hashes: Array
    times: Array
    matrix: Array
    answers: Array
    bounds: Array
    entities: Array

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.hashes)

    def select(self, chosen: Array) -> Self:
        """Return some of the rows, by a mask or by their indexes."""
        return type(self)(**{name: getattr(self, name)[chosen] for name in _ARRAYS})

    def smallest(self, rows: int) -> Self:
        """Return the sample of at most so many rows."""
        return self if len(self) <= rows else self.select(np.arange(rows))

    def within(self, bound: np.uint64, since: np.datetime64, until: np.datetime64) -> Self:
        """Return the rows with a hash of at most `bound` that were answered from `since` to before `until`."""
        return self.select((self.hashes <= bound) & (self.times >= since) & (self.times < until))

    @classmethod
    def join(cls, parts: Sequence[Self]) -> Self:
        """Return the rows of several sets of rows of one version; a row that several have comes once."""
        arrays = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _ARRAYS}
        return cls(**arrays).select(np.unique(arrays["hashes"], return_index=True)[1])

    def pack(self) -> bytes:
        """Write them row by row as numpy's `.npy`: the same rows are the same bytes, and a beginning is a sample."""
        arrays = {name: _narrowed(getattr(self, name)) for name in _ARRAYS}
        if np.array_equal(self.entities, self.hashes):
            del arrays["entities"]
        records = np.empty(len(self), [(name, array.dtype, array.shape[1:]) for name, array in arrays.items()])
        for name, array in arrays.items():
            records[name] = array
        file = io.BytesIO()
        np.lib.format.write_array(file, records, version=(1, 0), allow_pickle=False)
        return file.getvalue()

    @classmethod
    def unpack(cls, data: bytes) -> Self:
        """Read the rows that are whole in what `pack` wrote, or in a beginning of it."""
        file = io.BytesIO(data)
        np.lib.format.read_magic(file)
        (rows,), _, dtype = np.lib.format.read_array_header_1_0(file)
        whole = (len(data) - file.tell()) // dtype.itemsize
        records = np.frombuffer(data, dtype, min(rows, whole), file.tell())
        arrays = {name: np.ascontiguousarray(records[name]) for name in records.dtype.names or ()}
        wide = {name: arrays[name].astype(np.float64) for name in ("answers", "bounds")}
        matrix = arrays["matrix"].astype(np.float32)
        return cls(**{"entities": arrays["hashes"], **arrays, **wide, "matrix": matrix})


_ARRAYS = ("hashes", "times", "entities", "answers", "bounds", "matrix")


def _narrowed(array: Array) -> Array:
    """Return floats in the narrowest type that holds all of them exactly: answers of a graph are float32."""
    if array.dtype.kind != "f":
        return array
    with np.errstate(over="ignore"):
        narrow = (array.astype(dtype) for dtype in (np.float16, np.float32))
        return next((floats for floats in narrow if np.array_equal(floats, array, equal_nan=True)), array)
