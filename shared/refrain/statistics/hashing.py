"""Rows as evenly spread numbers. Choosing rows by them is like drawing at random, but the same in every run."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from preprocessing import is_missing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from preprocessing import Array, Columns


WHOLE = 2.0**64
"""A share of hashes is a share of this."""


def row_hashes(columns: Columns, names: Sequence[str]) -> NDArray[np.uint64]:
    """Hash each row's values in the named columns evenly to uint64, the same in every process and on every machine.

    A missing value adds nothing, so a column that the definition gets later does not move the rows without it. The
    mixing is splitmix64's (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).

    >>> cities = np.array(["Oslo", "Rome", "Oslo"], dtype=object)
    >>> hashes = row_hashes({"city": cities, "age": np.array([1.0, 1.0, np.nan])}, ["city", "age"])
    >>> hashes[2] == row_hashes({"city": cities}, ["city"])[0], len(set(hashes.tolist()))
    (np.True_, 3)
    """
    return _mixed(sum((_salted(name, columns[name]) for name in names), start=np.zeros(1, np.uint64)))


def salted_hashes(columns: Columns, names: Sequence[str], salt: int) -> NDArray[np.uint64]:
    """Hash rows as `row_hashes` does, but so that only who has the salt can compare them.

    >>> rows = {"id": np.array(["a"], dtype=object)}
    >>> bool(salted_hashes(rows, ["id"], 1)[0] != salted_hashes(rows, ["id"], 2)[0])
    True
    """
    return rehash(row_hashes(columns, names) ^ np.uint64(salt))


def position_hashes(source: str, first: int, rows: int) -> NDArray[np.uint64]:
    """Hash rows by where they stand: in this source, from the `first` on.

    >>> position_hashes("a", 0, 3)[1:].tolist() == position_hashes("a", 1, 2).tolist()
    True
    """
    return _mixed(np.arange(first, first + rows, dtype=np.uint64) + _digest(source))


def text_hashes(texts: Sequence[str]) -> NDArray[np.uint64]:
    """Hash texts evenly to uint64, the same in every process and on every machine.

    >>> text_hashes(["a", "b", "a"]).argsort(kind="stable").tolist() in ([0, 2, 1], [1, 0, 2])
    True
    """
    return np.fromiter(map(_digest, texts), np.uint64, len(texts))


def rehash(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Draw other numbers from hashes, for a second choice that does not depend on the first."""
    return _mixed(_mixed(hashes))


def _salted(name: str, array: Array) -> NDArray[np.uint64]:
    return np.where(is_missing(array), np.uint64(0), _mixed(_cells(array) ^ _digest(name)))


def _cells(array: Array) -> NDArray[np.uint64]:
    if array.dtype == object:
        digests = {value: _digest(value) for value in set(array.tolist()) if value is not None}
        return np.fromiter((digests.get(value, 0) for value in array), np.uint64, len(array))
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
