"""Name what is unlike the training data in a row: values beyond its range, newly missing or unseen, and combinations.

Training learns how far numbers reach (see `statistics.tails`). A version that was trained before it did has the
extremes of its training rows as limits, and half a standard deviation more. It sees no combinations.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from preprocessing import MISSING, UNSEEN, Array
from refrain.lake.familiar_rows import FamiliarRows
from refrain.lake.feature_profile import CategoryProfile
from refrain.model.combinations import Combinations
from refrain.unfamiliar import Combination

if TYPE_CHECKING:
    from collections.abc import Sequence

    from refrain.lake.feature_profile import Profile
    from refrain.lake.version import Baseline
    from refrain.unfamiliar import Unfamiliar

MAX_SINGLE_ROWS = 32
"""Up to so many rows are compared number by number."""

MAX_NAMED_ROWS = 32
"""In so many rows of a request the features of a combination are named: that takes a graph run of its own."""

MIN_TRAINING_ROWS = 100
"""With fewer training rows, a feature that was never missing may simply have had no chance to be."""

MARGIN = 0.5
"""How far beyond the extremes of training a number of an older version is familiar, in standard deviations."""

ALWAYS_FAMILIAR = (-np.inf, np.inf, np.nan, False)
"""The limits of a feature that the baseline does not have."""


@dataclass(frozen=True)
class Familiarity:
    """What training saw of each feature, as arrays in the order of the matrix, so that a check is a few comparisons.

    Familiar are numbers from `low` to `high`, except the one code `strange` (NaN where there is none), and NaN unless
    `never_missing`.
    """

    features: tuple[str, ...]
    low: Array
    high: Array
    strange: Array
    never_missing: Array
    combinations: Combinations | None = None

    @classmethod
    def of(
        cls, baseline: Baseline | None, features: Sequence[str], familiar_npz: bytes | None = None, version: str = ""
    ) -> Self:
        """Read it from the files of a version; a feature that is not in the baseline is always familiar."""
        profiles = baseline.features if baseline else {}
        enough = baseline is not None and baseline.rows >= MIN_TRAINING_ROWS
        limits = [_limits(profiles[name], enough) if name in profiles else ALWAYS_FAMILIAR for name in features]
        low, high, strange, never_missing = (np.array(column) for column in zip(*limits, strict=True))
        combinations = None
        if familiar_npz is not None:
            familiar = FamiliarRows.from_bytes(familiar_npz)
            codes = strange == UNSEEN
            low, high = np.where(codes, low, familiar.low), np.where(codes, high, familiar.high)
            strange = np.where(familiar.unseen_is_usual, np.nan, strange)
            combinations = Combinations(version, features, familiar) if len(familiar.graph) else None
        # One float32 outwards: the matrix is float32, and a column that is always 0.1 has to be familiar with it.
        return cls(
            tuple(features),
            np.nextafter(low.astype(np.float32), np.float32(-np.inf)),
            np.nextafter(high.astype(np.float32), np.float32(np.inf)),
            strange.astype(np.float32),
            never_missing.astype(bool),
            combinations,
        )

    def unfamiliar(self, matrix: Array) -> list[Unfamiliar]:
        """Say of each row of the feature matrix what is unlike the training data: single values, else a combination."""
        matrix = matrix[:, : len(self.features)]  # behind them are the words of texts
        notes: list[Unfamiliar] = [*self._unfamiliar_values(matrix)]
        if self.combinations:
            rows = [row for row in self.combinations.find(matrix) if not notes[row]]
            for row in rows[:MAX_NAMED_ROWS]:
                notes[row] = Combination(self.combinations.name(matrix[row]))
            for row in rows[MAX_NAMED_ROWS:]:
                notes[row] = Combination(())
        return notes

    def _unfamiliar_values(self, matrix: Array) -> list[list[str]]:
        """Name, for each row, the features whose values are unlike the training data."""
        if len(matrix) <= MAX_SINGLE_ROWS:
            return [self._unfamiliar_in_row(row) for row in matrix.tolist()]
        unlike = (matrix < self.low) | (matrix > self.high) | (matrix == self.strange)
        unlike |= np.isnan(matrix) & self.never_missing
        names: list[list[str]] = [[] for _ in matrix]
        if unlike.any():
            for row, column in np.argwhere(unlike).tolist():
                names[row].append(self.features[column])
        return names

    def _unfamiliar_in_row(self, row: list[float]) -> list[str]:
        """Do the same for one row, without numpy's cost for each call."""
        return [
            name
            for name, value, low, high, strange, never_missing in zip(self.features, row, *self._bounds, strict=True)
            if value < low or value > high or value == strange or (never_missing and value != value)
        ]

    @cached_property
    def _bounds(self) -> tuple[list[Any], ...]:
        return tuple(limit.tolist() for limit in (self.low, self.high, self.strange, self.never_missing))


def _limits(profile: Profile, enough: bool) -> tuple[float, float, float, bool]:
    never_missing = enough and not profile.missing
    if isinstance(profile, CategoryProfile):
        return (UNSEEN if never_missing else MISSING), np.inf, UNSEEN, False
    if profile.min is None or profile.max is None:
        return np.inf, -np.inf, np.nan, False
    margin = MARGIN * (profile.std or 0.0)
    return profile.min - margin, profile.max + margin, np.nan, never_missing
