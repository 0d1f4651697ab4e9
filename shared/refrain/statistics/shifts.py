"""By how much have counts shifted, in units that people know, and how much of it is sure?

A shift is one of a few contrasts of shares: of numbers their mean, their spread and their shape, in standard deviations
of the normal distribution that has the same ranks (normal scores: van der Waerden 1952), so that heavy tails have one
too; of categories each share, and of anything the share of missing values, in points of share. A shift is sure as far
as the bound of its interval, at a confidence that is shared by all contrasts (Bonferroni).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist
from typing import TYPE_CHECKING, Literal, Self

import numpy as np

if TYPE_CHECKING:
    from preprocessing import Monitoring
    from refrain.arrays import Floats
    from refrain.statistics.homogeneity import Counts

type ShiftKind = Literal["mean", "spread", "shape", "share", "missing"]

NORMAL = NormalDist()
DENSITY = NORMAL.pdf(0.0)
"""A mean that shifts by one thousandth of a standard deviation moves so many thousandths of the rows past a point."""

WEIGHTS: dict[ShiftKind, float] = {"mean": 0.3, "spread": 0.3, "shape": 0.2, "share": 0.8, "missing": 0.2}
"""What each kind gets of the chances of error."""
IN_POINTS: tuple[ShiftKind, ...] = ("share", "missing")
EVEN = 0.2
"""So much of what shares get is dealt out evenly, so that a new category gets some; the rest by their size."""
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Floors:
    """The least shift that counts: of numbers in standard deviations, of shares in points (0.01 is one)."""

    shift: float
    points: float

    @classmethod
    def of(cls, rules: Monitoring) -> Self:
        """Read those of a definition, which counts points in hundredths."""
        return cls(rules.least_shift, rules.least_points / 100)


@dataclass(frozen=True)
class Shift:
    """The greatest shift of a window: its kind, its size with its sign, and its cell (for shape the one above a point).

    `sure` is the least size that is sure, in multiples of the floor.
    """

    kind: ShiftKind
    size: float
    cell: int
    sure: float


@dataclass(frozen=True)
class Contrasts:
    """The contrasts of a reference, counted in cells of which the last is that of missing values.

    The last contrast is that of missing values; all others are [contrasts, cells] `factors` of the shares of the rows
    with a value. `weights` say how much of the chances of error each one gets.
    """

    reference: Counts
    kinds: tuple[ShiftKind, ...]
    cells: tuple[int, ...]
    factors: Floats
    weights: Floats

    @classmethod
    def of(cls, reference: Counts, *, ordered: bool) -> Contrasts:
        """Choose the contrasts of a reference; cells of numbers are `ordered`, but two values have shares."""
        present = reference[:-1]
        if ordered and np.count_nonzero(present) > 2:
            kinds, cells, factors = _of_numbers(present / present.sum())
        else:
            kinds, cells, factors = _of_shares(len(present))
        alike = np.array([kinds.count(kind) for kind in kinds])
        weights = np.array([WEIGHTS[kind] for kind in kinds]) / alike
        if "share" in kinds:  # what is frequent moves by more points
            weights = WEIGHTS["share"] * (EVEN / len(present) + (1 - EVEN) * present / max(int(present.sum()), 1))
        weights = np.append(weights, WEIGHTS["missing"])
        return cls(reference, (*kinds, "missing"), (*cells, len(present)), factors, weights)

    def shift_of(self, window: Counts, floors: Floors, ratio: float = 1.0) -> Shift:
        """Measure the shift of a window whose shares vary `ratio` times as much as those of independent rows."""
        sizes = self.sizes(window[np.newaxis])[0] - self._own
        variance = ratio * self._variance(window) + self._variance(self.reference)
        least = np.array([floors.points if kind in IN_POINTS else floors.shift for kind in self.kinds])
        sure = (np.abs(sizes) - self._deviates * np.sqrt(variance)) / least
        best = int(np.argmax(sure))
        return Shift(self.kinds[best], float(sizes[best]), self.cells[best], max(0.0, float(sure[best])))

    def sizes(self, counts: Counts) -> Floats:
        """Return the contrasts [lines, contrasts] of counts [lines, cells]."""
        present = counts[:, :-1]
        rows = present.sum(axis=1, keepdims=True)
        missing = counts[:, -1:] / np.maximum(rows + counts[:, -1:], 1)
        sizes: Floats = np.hstack([present @ self.factors.T / np.maximum(rows, 1), missing])
        return sizes

    def deviates(self, counts: Counts, pooled: Counts) -> Floats:
        """Return by how many standard errors counts [lines, cells] differ from the rest of the `pooled` ones."""
        rest = pooled - counts
        with_value = 1 / np.maximum(counts[:, :-1].sum(axis=1), 1) + 1 / np.maximum(rest[:, :-1].sum(axis=1), 1)
        rows = 1 / np.maximum(counts.sum(axis=1), 1) + 1 / np.maximum(rest.sum(axis=1), 1)
        scale = np.column_stack([*[with_value] * len(self.factors), rows])
        errors = np.sqrt(self._spread(pooled) * scale)
        deviates: Floats = np.abs(self.sizes(counts) - self.sizes(rest)) / np.maximum(errors, 1e-12)
        return deviates

    @cached_property
    def _own(self) -> Floats:
        own: Floats = self.sizes(self.reference[np.newaxis])[0]
        return own

    @cached_property
    def _deviates(self) -> Floats:
        """One-sided quantiles of the normal distribution, by the weights."""
        chances = (1 - CONFIDENCE) * self.weights / self.weights.sum()
        return np.array([NORMAL.inv_cdf(1 - float(chance)) for chance in chances])

    def _spread(self, counts: Counts) -> Floats:
        """Return the variance of each contrast of one row; no share is taken for 0 or 1 (half a row more in each)."""
        shares = (counts[:-1] + 0.5) / (counts[:-1].sum() + 0.5 * (len(counts) - 1))
        missing = (counts[-1] + 0.5) / (counts.sum() + 1.0)
        variances = self.factors**2 @ shares - (self.factors @ shares) ** 2
        return np.append(variances, missing * (1 - missing))

    def _variance(self, counts: Counts) -> Floats:
        with_value, rows = max(int(counts[:-1].sum()), 1), max(int(counts.sum()), 1)
        variance: Floats = self._spread(counts) / np.array([*[with_value] * len(self.factors), rows])
        return variance


def _of_shares(cells: int) -> tuple[list[ShiftKind], list[int], Floats]:
    return ["share"] * cells, list(range(cells)), np.eye(cells)


def _of_numbers(shares: Floats) -> tuple[list[ShiftKind], list[int], Floats]:
    """Make the contrasts of numbers from their shares [cells].

    Divided by their variances, the scores and their squares say by how many standard deviations the mean of a normal
    distribution has shifted, and the logarithm of its standard deviation.
    """
    bounds = np.concatenate([[0.0], np.cumsum(shares)]).clip(0.0, 1.0)
    inner = [NORMAL.inv_cdf(bound) if 0 < bound < 1 else 0.0 for bound in bounds]
    density = np.array([NORMAL.pdf(z) if 0 < bound < 1 else 0.0 for z, bound in zip(inner, bounds, strict=True)])
    middles = np.array([NORMAL.inv_cdf(min(max(middle, 1e-4), 1 - 1e-4)) for middle in (bounds[1:] + bounds[:-1]) / 2])
    occupied, safe = shares > 0, np.maximum(shares, 1e-300)
    scores = np.where(occupied, -np.diff(density) / safe, middles)
    squares = np.where(occupied, -np.diff(np.array(inner) * density) / safe, middles**2 - 1)
    shape = np.tril(np.ones((len(shares) - 1, len(shares)))) / DENSITY
    mean, spread = scores / (shares @ scores**2), squares / max(shares @ squares**2, 1e-9)
    shapes: list[ShiftKind] = ["shape"] * len(shape)
    return ["mean", "spread", *shapes], [0, 0, *range(1, len(shares))], np.vstack([mean, spread, shape])
