"""Counts the rows of each category, table by table, without a look at each row in Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_DISTINCT_VALUES = 10_000
"""Distinct values that are counted in one column, the first ones; a column with more has at least this many."""


class CategoryCounts:
    """The rows of each category; `is_capped` once there were too many categories to count all."""

    def __init__(self) -> None:
        self.is_capped = False
        self._values = pa.array([], pa.string())
        self._rows: NDArray[np.int64] = np.zeros(0, np.int64)

    def add(self, present: Any) -> None:
        """Count the rows of a dictionary array without nulls."""
        rows = np.bincount(present.indices.to_numpy(), minlength=len(present.dictionary))
        codes = np.flatnonzero(rows)
        if len(codes) + len(self._rows) > MAX_DISTINCT_VALUES:  # the order of the rows tells which are the first
            codes = pc.unique(present.indices).to_numpy()
        self._add(present.dictionary.take(pa.array(codes)), rows[codes])

    def by_value(self) -> dict[str, int]:
        """Return the rows of each value."""
        return dict(zip(self._values.to_pylist(), self._rows.tolist(), strict=True))

    def _add(self, values: Any, rows: NDArray[np.int64]) -> None:
        indexes = pc.index_in(values, value_set=self._values)
        is_new = indexes.is_null().to_numpy(zero_copy_only=False)
        self._rows[indexes.drop_null().to_numpy()] += rows[~is_new]
        new = np.flatnonzero(is_new)
        added = new[: MAX_DISTINCT_VALUES - len(self._rows)]
        self._values = pa.concat_arrays([self._values, values.take(pa.array(added))])
        self._rows = np.append(self._rows, rows[added])
        self.is_capped |= len(added) < len(new)
