"""Which rows are held out to judge on. Not by chance: the same rows are split the same way in every run.

A row that a champion was trained on must not be held out in a later run, or the champion would be judged on what it
knows by heart. By time and by upload the newest rows are held out; by hash a row stays on its side for ever.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from preprocessing import is_missing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from preprocessing import Array, Columns, Definition

_WHOLE = 2.0**64


@dataclass(frozen=True)
class Split:
    """`holdout` is True for the rows held out; `cut` is the first time of the holdout when split by time."""

    holdout: NDArray[np.bool_]
    cut: np.datetime64 | None = None


def split(definition: Definition, columns: Columns) -> Split:
    """Hold out a share of the rows (given in the order of upload), as `training.split` of the definition says."""
    share = definition.training.holdout
    if definition.training.split == "time":
        return by_time(columns[definition.time], share)
    rows = len(next(iter(columns.values())))
    if definition.training.split == "upload":
        return Split(np.arange(rows) >= rows - round(rows * share))
    return Split(row_hashes(columns, definition.key or tuple(definition.columns)) < np.uint64(share * _WHOLE))


def by_time(times: Array, share: float) -> Split:
    """Hold out the newest share; rows of one moment stay together, on the side that comes nearer to the share.

    >>> days = np.array(["2026-01-03", "2026-01-01", "2026-01-03", "2026-01-02"], "datetime64[us]")
    >>> by_time(days, 0.25).holdout.tolist()
    [True, False, True, False]
    """
    moments, first = np.unique(np.sort(times), return_index=True)
    if len(moments) < 2:
        return Split(np.zeros(len(times), bool))
    held = len(times) - first[1:]  # rows held out when the holdout begins at each moment but the first
    cut = moments[1:][np.argmin(np.abs(held - share * len(times)))]
    return Split(times >= cut, cut)


def row_hashes(columns: Columns, names: Sequence[str]) -> NDArray[np.uint64]:
    """Hash each row's values in the named columns evenly to uint64, the same in every process and on every machine.

    A missing value adds nothing, so a column that comes to the definition later leaves the rows without it where they
    are. The mixing is splitmix64's (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
    """
    total = np.zeros(len(columns[names[0]]), np.uint64)
    for name in names:
        salted = _mixed(_cells(columns[name]) ^ _digest(name))
        total += np.where(is_missing(columns[name]), np.uint64(0), salted)
    return _mixed(total)


def _cells(array: Array) -> NDArray[np.uint64]:
    if array.dtype == object:
        known = {value: _digest(value) for value in set(array.tolist()) if value is not None}
        return np.fromiter((known.get(value, 0) for value in array), np.uint64, len(array))
    if array.dtype.kind == "M":
        return array.astype("datetime64[us]").view(np.uint64)
    return np.asarray(array + 0.0).view(np.uint64)  # the sum turns -0.0 into 0.0


def _digest(text: str) -> np.uint64:
    return np.uint64(int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little"))


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
