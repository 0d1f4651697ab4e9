"""A designed cell: one situation that is simulated many times, what is counted in it, and what must hold."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from refrain.statistics.intervals import wilson_interval

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    type Random = np.random.Generator
    type Simulate = Callable[[Random], Mapping[str, float]]
    """Simulates one run, and returns its figures by name: 1 or 0 for what did or did not happen, or a number."""


@dataclass(frozen=True)
class Bound:
    """What the mean of a figure must not exceed, or must reach."""

    figure: str
    at_most: float = math.inf
    at_least: float = -math.inf

    def holds(self, mean: float) -> bool:
        """Tell whether a mean keeps to it."""
        return self.at_least <= mean <= self.at_most

    def surely_broken(self, mean: float, runs: int) -> bool:
        """Tell whether so many runs refute it, for a figure of 0 and 1: beyond three standard errors and one run.

        >>> Bound("promoted", at_most=0.06).surely_broken(0.08, 300), Bound("promoted", 0.06).surely_broken(0.2, 300)
        (False, True)
        """
        limit = self.at_most if mean > self.at_most else self.at_least
        spread = 3 * math.sqrt(limit * (1 - limit) / runs) if 0 < limit < 1 else 0.0
        return not self.holds(mean) and abs(mean - limit) > spread + 1 / runs


@dataclass(frozen=True)
class Cell:
    """One situation. `ci_runs` are those of the test suite; of 0 it is left to `make simulate`.

    `before` are the same figures of the code that the present one replaced, measured once. Another `draw` draws other
    data: after constants were chosen by looking at one, only the next one tells the truth.
    """

    part: str
    name: str
    simulate: Simulate
    runs: int = 2000
    bounds: tuple[Bound, ...] = ()
    ci_runs: int = 0
    before: Mapping[str, float] = field(default_factory=dict)
    draw: int = 0

    def run(self, runs: int) -> CellFigures:
        """Simulate so many runs; the same ones whenever it is asked, whatever other cells there are."""
        seed = zlib.crc32(f"{self.part}/{self.name}".encode())
        random = np.random.default_rng([self.draw, seed] if self.draw else seed)
        figures: dict[str, list[float]] = {}
        for _ in range(runs):
            for name, value in self.simulate(random).items():
                figures.setdefault(name, []).append(float(value))
        means = {name: sum(values) / len(values) for name, values in figures.items()}
        return CellFigures(self.part, self.name, runs, means, self.bounds, dict(self.before))


@dataclass(frozen=True)
class CellFigures:
    """What a cell showed: means by figure."""

    part: str
    name: str
    runs: int
    means: dict[str, float]
    bounds: tuple[Bound, ...] = ()
    before: dict[str, float] = field(default_factory=dict)

    def bound_of(self, figure: str) -> Bound | None:
        """Return the bound of a figure, if it has one."""
        return next((bound for bound in self.bounds if bound.figure == figure), None)

    def interval(self, figure: str) -> tuple[float, float]:
        """Return the 95 % interval of a figure of 0 and 1."""
        return wilson_interval(self.means[figure], self.runs)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """Read it as it is committed."""
        return cls(**{**document, "bounds": tuple(_bound(bound) for bound in document["bounds"])})

    def document(self) -> dict[str, Any]:
        """Write it for the committed file; an open end of a bound is left out."""
        bounds = [
            {name: value for name, value in vars(bound).items() if value not in (math.inf, -math.inf)}
            for bound in self.bounds
        ]
        means = {name: round(mean, 5) for name, mean in self.means.items()}
        return {**vars(self), "means": means, "bounds": bounds}


def _bound(document: Mapping[str, Any]) -> Bound:
    return Bound(**document)
