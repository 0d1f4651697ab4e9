"""Which values of a request are unlike the training data: outside its range, missing where it never was, unseen.

A half standard deviation beyond the extremes is still familiar, so that the next oldest person is no surprise.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from preprocessing import MISSING, UNSEEN, Array

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FEW = 32
"""Up to so many rows are looked at number by number."""

ENOUGH_ROWS = 100
"""In fewer training rows than this, that none was missing says nothing."""

MARGIN = 0.5
"""How far beyond the extremes of training a number is still familiar, in standard deviations."""

ANYTHING = (-np.inf, np.inf, np.nan, False)
"""The limits of a feature of which nothing is known."""


@dataclass(frozen=True)
class Familiar:
    """What training saw of each feature, as arrays in the order of the matrix, so that a check is a few comparisons.

    `low` and `high` bound what is familiar; `strange` is the one code in between that is not (NaN where there is none);
    `never_missing` says where NaN is unfamiliar.
    """

    features: tuple[str, ...]
    low: Array
    high: Array
    strange: Array
    never_missing: Array

    @classmethod
    def of(cls, baseline: Mapping[str, Any] | None, features: Sequence[str]) -> Self:
        """Take it from a version's baseline; a feature that is not in there is always familiar."""
        seen = baseline["features"] if baseline else {}
        enough = baseline is not None and baseline["rows"] >= ENOUGH_ROWS
        limits = [_limits(seen[name], enough) if name in seen else ANYTHING for name in features]
        low, high, strange, never_missing = (np.array(each) for each in zip(*limits, strict=True))
        # One float32 outwards: the matrix is float32, and a column that is always 0.1 has to be familiar with it.
        return cls(
            tuple(features),
            np.nextafter(low.astype(np.float32), np.float32(-np.inf)),
            np.nextafter(high.astype(np.float32), np.float32(np.inf)),
            strange.astype(np.float32),
            never_missing.astype(bool),
        )

    def unfamiliar(self, matrix: Array) -> list[list[str]]:
        """Name, for each row of the feature matrix, the features that are unlike the training data."""
        if len(matrix) <= FEW:
            return [self._unlike(row) for row in matrix.tolist()]
        found = (matrix < self.low) | (matrix > self.high) | (matrix == self.strange)
        found |= np.isnan(matrix) & self.never_missing
        names: list[list[str]] = [[] for _ in matrix]
        if found.any():
            for row, place in np.argwhere(found).tolist():
                names[row].append(self.features[place])
        return names

    def _unlike(self, row: list[float]) -> list[str]:
        """Do the same for one row, without numpy's cost for each call."""
        return [
            name
            for name, value, low, high, strange, never_missing in zip(self.features, row, *self._bounds, strict=True)
            if value < low or value > high or value == strange or (never_missing and value != value)
        ]

    @cached_property
    def _bounds(self) -> tuple[list[Any], ...]:
        return tuple(each.tolist() for each in (self.low, self.high, self.strange, self.never_missing))


def _limits(seen: Mapping[str, Any], enough: bool) -> tuple[float, float, float, bool]:
    never_missing = enough and not seen["missing"]
    if seen["type"] == "category":
        return (UNSEEN if never_missing else MISSING), np.inf, UNSEEN, False
    if seen["min"] is None:
        return np.inf, -np.inf, np.nan, False
    margin = MARGIN * (seen["std"] or 0.0)
    return seen["min"] - margin, seen["max"] + margin, np.nan, never_missing
