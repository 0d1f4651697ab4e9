"""What a version's baseline says of each feature and of its answers, as counts that a window can be held against."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from refrain.statistics.bins import category_cells, kept_apart, number_cells
from refrain.statistics.homogeneity import STILL, DesignEffect
from refrain.words import figure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
    moved: Sequence[Mapping[str, Any]] = field(default=())

    @classmethod
    def of(cls, name: str, seen: Mapping[str, Any], rows: int) -> Reference | None:
        """Read it from a baseline's description of `rows` rows; None when that has no counts."""
        moved = seen.get("movement", ())
        if seen["type"] == "category":
            apart = kept_apart(seen["counts"], rows)
            total = sum(seen["counts"].values()) + seen["other"]
            counts = [seen["counts"][each] for each in apart]
            cells = np.array([*counts, total - sum(counts), rows - total], dtype=np.int64)
            known, new = frozenset(seen["counts"]), seen.get("once", 0) + seen["other"]
            return cls(name, cells, (), tuple(apart), known, new / max(rows, 1), category=True, moved=moved)
        if "bins" not in seen:
            return None
        counts = seen["bins"]["counts"]
        cells = np.array([*counts, rows - sum(counts)], dtype=np.int64)
        return cls(name, cells, tuple(seen["bins"]["edges"]), moved=moved)

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
        nearest = min(self.moved, key=lambda each: abs(np.log(each["rows"] / rows)))
        alike = (nearest["effect"] - 1) / max(nearest["rows"] - 1, 1)
        return DesignEffect(max(1.0, 1 + (rows - 1) * alike), nearest["freedom"])

    @property
    def labels(self) -> list[str]:
        """Name the cells, as people read them."""
        if self.category:
            return [*self.apart, "all others", "missing"]
        if not self.edges:
            return ["any", "missing"]
        between = [f"{figure(a)} to {figure(b)}" for a, b in zip(self.edges, self.edges[1:], strict=False)]
        return [f"below {figure(self.edges[0])}", *between, f"{figure(self.edges[-1])} and above", "missing"]


def references(baseline: Mapping[str, Any], ignore: Sequence[str]) -> list[Reference]:
    """Read all features but those to be ignored."""
    found = [
        Reference.of(name, seen, baseline["rows"]) for name, seen in baseline["features"].items() if name not in ignore
    ]
    return [each for each in found if each is not None]


def answer_references(baseline: Mapping[str, Any]) -> dict[int, Reference]:
    """Read the answers, by their place in a row of answers.

    Of two classes one says all; of many the most frequent ones are looked at.
    """
    seen = baseline["predictions"]
    if seen["type"] != "classes":
        value = Reference.of("the value", seen, seen["rows"])
        return {0: value} if value else {}
    places = {name: place for place, name in enumerate(seen["probabilities"])}
    names = list(places)[1:] if len(places) == 2 else sorted(places, key=lambda name: -seen["labels"][name])
    read = {name: Reference.of(f"the probability of {name}", seen["probabilities"][name], seen["rows"])
            for name in names[:MOST_CLASSES]}  # fmt: skip
    return {places[name]: each for name, each in read.items() if each}
