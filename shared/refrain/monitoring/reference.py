"""What a version's baseline says of its features and answers, as counts that a window can be held against."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from refrain.lake.feature_profile import CategoryProfile
from refrain.monitoring.cell_names import name_number_cells
from refrain.statistics.bins import category_cells, frequent_categories, number_cells
from refrain.statistics.design_effect import INDEPENDENT, DesignEffect
from refrain.statistics.shifts import DENSITY, Contrasts
from refrain.words import figure, signed_digits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from preprocessing import Array
    from refrain.lake.feature_profile import Movement, Profile
    from refrain.lake.training_history import BlockCounts
    from refrain.lake.version import Baseline
    from refrain.monitoring.training_windows import TrainingWindows
    from refrain.statistics.bins import Cells
    from refrain.statistics.homogeneity import Counts
    from refrain.statistics.shifts import Shift

MAX_WATCHED_CLASSES = 10


@dataclass(frozen=True)
class Reference:
    """One feature, or one answer: its training rows by cell, with missing values in the last cell.

    `edges` are the bounds of numbers; with `far` the outermost cells are those of values far beyond training.
    `frequent` are the categories with a cell of their own, before the cell of all other categories. One of the two is
    empty.
    """

    name: str
    counts: Counts
    edges: tuple[float, ...] = ()
    frequent: tuple[str, ...] = ()
    trained_values: frozenset[str] = frozenset()
    expected_new: float = 0.0
    category: bool = False
    movements: Sequence[Movement] = ()
    history: BlockCounts | None = None
    own_windows: TrainingWindows | None = None
    far: bool = False

    @classmethod
    def of(cls, name: str, profile: Profile, rows: int) -> Reference:
        """Read a baseline's profile of `rows` rows."""
        movements = profile.movement or ()
        if not isinstance(profile, CategoryProfile):
            cells = np.array([*profile.counts, rows - sum(profile.counts)], dtype=np.int64)
            return cls(name, cells, tuple(profile.edges), movements=movements, far=profile.far is not None)
        frequent = frequent_categories(profile.counts, rows)
        total = sum(profile.counts.values()) + profile.other
        counts = [profile.counts[value] for value in frequent]
        return cls(
            name,
            np.array([*counts, total - sum(counts), rows - total], dtype=np.int64),
            frequent=tuple(frequent),
            trained_values=frozenset(profile.counts),
            expected_new=(profile.once + profile.other)
            / max(rows, 1),  # Good, The population frequencies of species, 1953
            category=True,
            movements=movements,
        )

    def cells(self, values: Array) -> Cells:
        """Return the cell of each value of a window."""
        return category_cells(values, self.frequent) if self.category else number_cells(values, self.edges)

    def count(self, values: Array) -> Counts:
        """Count a window's values in the same cells."""
        return np.bincount(self.cells(values), minlength=len(self.counts))

    def new_values(self, values: Array) -> Counter[str]:
        """Count the rows of a window by value, of those that training did not see."""
        counts = Counter(value for value in values.tolist() if value is not None)
        return Counter({value: rows for value, rows in counts.items() if value not in self.trained_values})

    def design_effect(self, rows: int) -> DesignEffect:
        """Return the design effect to expect of a window of so many rows.

        It is measured on blocks of several lengths. It is carried over from the nearest length by the correlation of
        its rows: 1 + (rows - 1) * correlation (Kish, Survey sampling, 1965).
        """
        if self.own_windows:
            return self.own_windows.design_effect(rows)
        if not self.movements:
            return INDEPENDENT
        nearest = min(self.movements, key=lambda block: abs(np.log(block.rows / rows)))
        correlation = (nearest.effect - 1) / max(nearest.rows - 1, 1)
        return DesignEffect(max(1.0, 1 + (rows - 1) * correlation), nearest.freedom)

    @property
    def has_moved(self) -> bool:
        """Whether training tells how far windows of it moved."""
        return bool(self.movements or self.own_windows)

    @cached_property
    def contrasts(self) -> Contrasts:
        """What is compared besides the cells."""
        return Contrasts.of(self.counts, ordered=not self.category)

    @cached_property
    def labels(self) -> list[str]:
        """The cells' names for people."""
        names = [*self.frequent, "all others"] if self.category else name_number_cells(self.edges)
        return [*names, "missing"]

    def describe(self, shift: Shift) -> str:
        """Say what shifted, and by how much."""
        if shift.kind == "mean":
            return f"mean {signed_digits(shift.size, 2)} sd"
        if shift.kind == "spread":
            return f"spread {signed_digits(100 * math.expm1(shift.size), 0)} %"
        if shift.kind == "shape":
            points = signed_digits(100 * DENSITY * shift.size, 1)
            return f"{points} points below {figure(self.edges[shift.cell - 1])}"
        return f"{self.labels[shift.cell]} {signed_digits(100 * shift.size, 1)} points"


def feature_references(baseline: Baseline, ignore: Sequence[str]) -> list[Reference]:
    """Read all features except those to ignore."""
    return [
        Reference.of(name, profile, baseline.rows) for name, profile in baseline.features.items() if name not in ignore
    ]


def answer_references(baseline: Baseline) -> dict[int, Reference]:
    """Read the answers, by their index in a row of answers.

    Of two classes one is enough; of many classes the most frequent ones are watched.
    """
    answers = baseline.predictions
    if answers.values is not None:
        return {0: Reference.of("the value", answers.values, answers.rows)}
    profiles, labels = answers.probabilities or {}, answers.labels or {}
    indexes = {name: index for index, name in enumerate(profiles)}
    names = list(indexes)[1:] if len(indexes) == 2 else sorted(indexes, key=lambda name: -labels[name])
    return {
        indexes[name]: Reference.of(f"the probability of {name}", profiles[name], answers.rows)
        for name in names[:MAX_WATCHED_CLASSES]
    }
