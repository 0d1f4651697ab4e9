"""The shape of data in this layer: a mapping of column name to numpy array, for one row or a million.

| type     | typed array                                   | missing |
|----------|-----------------------------------------------|---------|
| number   | float64                                       | NaN     |
| boolean  | float64, 1 and 0                              | NaN     |
| time     | datetime64[us], UTC                           | NaT     |
| category | object: `str`, spaces collapsed, NFC          | None    |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from preprocessing.definition import Column

NAT = np.datetime64("NaT", "us")

Array = np.ndarray[Any, Any]
Columns = Mapping[str, Array]
Lists = Mapping[str, Sequence[Any]]
"""Columns as lists of JSON values or of typed ones: for few rows an array costs more than it saves."""


@dataclass(frozen=True)
class Problem:
    """One cell that cannot be used: its row (from 0), column, original value, and what was expected."""

    row: int
    column: str
    value: object
    reason: str


def rows_to_columns(rows: Sequence[Mapping[str, object]], names: Sequence[str]) -> dict[str, Array]:
    """Turn rows into object arrays, one for each name; an absent value is None.

    >>> rows_to_columns([{"age": 39}, {}], ["age"])["age"].tolist()
    [39, None]
    """
    return {name: objects(values) for name, values in rows_to_lists(rows, names).items()}


def rows_to_lists(rows: Sequence[Mapping[str, object]], names: Sequence[str]) -> dict[str, list[object]]:
    """Turn rows into lists, one for each name; an absent value is None."""
    return {name: [row.get(name) for row in rows] for name in names}


def objects(values: Sequence[object]) -> Array:
    """Make a one-dimensional object array; numpy alone would turn lists of lists into matrices."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def missing(kind: str, rows: int) -> Array:
    """Make a typed array of missing values."""
    if kind == "category":
        return np.full(rows, None, dtype=object)
    return np.full(rows, NAT) if kind == "time" else np.full(rows, np.nan)


def is_missing(array: Array) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return a mask of the missing values of a typed array."""
    if array.dtype == object:
        return np.fromiter((value is None for value in array), bool, len(array))
    return np.asarray(np.isnat(array) if array.dtype.kind == "M" else np.isnan(array))


def present(columns: Columns, schema: Mapping[str, Column], row: int) -> dict[str, object]:
    """Write one typed row as a caller would send it: JSON numbers, booleans, texts, ISO 8601 times, null."""
    return {name: _sendable(array[row], schema[name].kind) for name, array in columns.items()}


def _sendable(value: Any, kind: str) -> object:
    if kind == "category":
        return value
    if kind == "time":
        return None if np.isnat(value) else f"{value}Z"
    if np.isnan(value):
        return None
    if kind == "boolean":
        return bool(value)
    return int(value) if value.is_integer() and abs(value) < 2**53 else float(value)
