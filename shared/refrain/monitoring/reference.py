"""What a version's baseline says of each feature and of its answers, as counts that a window can be held against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from refrain.lake.profile import CategoryProfile
from refrain.statistics.bins import category_cells, kept_apart, number_cells
from refrain.statistics.homogeneity import STILL, DesignEffect
from refrain.words import figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from refrain.lake.profile import Movement, Profile
    from refrain.lake.version import Baseline
    from refrain.statistics.bins import Array, Places
    from refrain.statistics.homogeneity import Counts

MOST_CLASSES = 10


@dataclass(frozen=True)
class Reference:
    """One feature, or one answer: its rows in training by cell, the last two of categories others and missing.

    `edges` are those of numbers, `apart` the categories that have a cell of their own; one of them is empty.
    """

    name: str
    counts: Counts
    edges: tuple[float, ...] = ()
    apart: tuple[str, ...] = ()
    known: frozenset[str] = frozenset()
    expected_new: float = 0.0
    category: bool = False
    moved: Sequence[Movement] = ()

    @classmethod
    def of(cls, name: str, profile: Profile, rows: int) -> Reference:
        """Read a baseline's profile of `rows` rows."""
        moved = profile.movement or ()
        if isinstance(profile, CategoryProfile):
            apart = kept_apart(profile.counts, rows)
            total = sum(profile.counts.values()) + profile.other
            counts = [profile.counts[value] for value in apart]
            cells = np.array([*counts, total - sum(counts), rows - total], dtype=np.int64)
            new = (profile.once + profile.other) / max(rows, 1)
            return cls(name, cells, (), tuple(apart), frozenset(profile.counts), new, category=True, moved=moved)
        counts = profile.bins.counts
        cells = np.array([*counts, rows - sum(counts)], dtype=np.int64)
        return cls(name, cells, tuple(profile.bins.edges), moved=moved)

    def cells(self, values: Array) -> Places:
        """Find the cell of each of a window's values."""
        return category_cells(values, self.apart) if self.category else number_cells(values, self.edges)

    def count(self, values: Array) -> Counts:
        """Count a window's values in the same cells."""
        return np.bincount(self.cells(values), minlength=len(self.counts))

    def movement(self, rows: int) -> DesignEffect:
        """Return the design effect to expect of a window of so many rows.

        It is measured on blocks of several lengths. From the nearest one it is carried over as it grows with rows that
        go together: 1 + (rows - 1) * their correlation (Kish, Survey sampling, 1965).
        """
        if not self.moved:
            return STILL
        nearest = min(self.moved, key=lambda each: abs(np.log(each.rows / rows)))
        alike = (nearest.effect - 1) / max(nearest.rows - 1, 1)
        return DesignEffect(max(1.0, 1 + (rows - 1) * alike), nearest.freedom)

    @property
    def labels(self) -> list[str]:
        """Name the cells, as people read them."""
        if self.category:
            return [*self.apart, "all others", "missing"]
        if not self.edges:
            return ["any", "missing"]
        between = [f"{figure(a)} to {figure(b)}" for a, b in zip(self.edges, self.edges[1:], strict=False)]
        return [f"below {figure(self.edges[0])}", *between, f"{figure(self.edges[-1])} and above", "missing"]


def references(baseline: Baseline, ignore: Sequence[str]) -> list[Reference]:
    """Read all features but those to be ignored."""
    return [
        Reference.of(name, profile, baseline.rows) for name, profile in baseline.features.items() if name not in ignore
    ]


def answer_references(baseline: Baseline) -> dict[int, Reference]:
    """Read the answers, by their index in a row of answers.

    Of two classes one says all; of many the most frequent ones are looked at.
    """
    answers = baseline.predictions
    if answers.values is not None:
        return {0: Reference.of("the value", answers.values, answers.rows)}
    profiles, labels = answers.probabilities or {}, answers.labels or {}
    indexes = {name: index for index, name in enumerate(profiles)}
    names = list(indexes)[1:] if len(indexes) == 2 else sorted(indexes, key=lambda name: -labels[name])
    return {
        indexes[name]: Reference.of(f"the probability of {name}", profiles[name], answers.rows)
        for name in names[:MOST_CLASSES]
    }
