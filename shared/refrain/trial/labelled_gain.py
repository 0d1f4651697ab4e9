"""How much better the challenger is on labelled rows, and how sure that is however often one looks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from refrain.errors import MetricUndefined
from refrain.statistics.always_valid import sequence_width
from refrain.statistics.dependence import block_length, without_shift

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from refrain.arrays import Floats, Truth
    from refrain.lake.expectation import Expectation
    from refrain.statistics.metrics import Metric

MIN_UNITS = 10
"""Fewer independent units prove nothing; a block of dependent rows is never longer than one part of so many."""
MIN_RARE_UNITS = 30
"""So many units without the most frequent class prove something good, and half as many harm.

Where an event is rare, most gains are tiny and a few losses are large: before enough events were seen, both the gain
and its certainty look too good.
"""
HARMFUL_UNITS = 100
"""After about so many units harm is to be seen, however many it takes to see that there is none."""
EARLY = 10
"""What is clearly no worse is to be seen after one unit of so many that an equal challenger takes."""
MAX_PLANNED_UNITS = 10_000
"""Intervals that are narrowest later would hardly be narrower then, and useless for long."""
WIDTH_SQUARED = 11.0
"""About the square of `sequence_width` where it is least."""


@dataclass(frozen=True)
class LabelledGain:
    """The challenger's gain on `rows`, in the metric's unit and positive when better, with its standard error.

    `units` is the number of independent units that say as much as the rows; `rare_units` counts those with a row that
    does not have the most frequent class (None for values). `margin` is how much worse still counts as no worse, and
    `planned` the number of units after which an equal challenger is decided on: both come from the holdout.
    """

    title: str
    rows: int
    units: float
    rare_units: int | None
    gain: float
    error: float
    margin: float
    planned: float

    def interval(self, alpha: float) -> tuple[float, float]:
        """Return the interval that the true gain leaves on either side with a probability of `alpha`, at any look.

        Both ends are nearest early, and hardly wider later. Of few units the error itself is uncertain, so that the
        interval is wider, as Student's t is than the normal distribution (Fisher's expansion, 1926).
        """
        below, above = (sequence_width(self.units, alpha, units) for units in (self.planned / EARLY, HARMFUL_UNITS))
        student = 1 + (NormalDist().inv_cdf(1 - alpha) ** 2 + 1) / (4 * max(self.units - 1, 1))
        return self.gain - below * student * self.error, self.gain + above * student * self.error

    def is_harmful(self, alpha: float) -> bool:
        """Tell whether the challenger is surely worse by more than the margin."""
        return self._units_share(MIN_RARE_UNITS / 2) >= 1 and self.interval(alpha)[1] < -self.margin

    def is_no_worse(self, alpha: float) -> bool:
        """Tell whether it is surely not worse by more than the margin: harm and good exclude each other."""
        return self._units_share(MIN_RARE_UNITS) >= 1 and self.interval(alpha)[0] > -self.margin

    def rows_needed(self, alpha: float) -> int:
        """Estimate how many more labelled rows will decide if the gain stays as it is, up to a thousand times more."""
        low, high = self.interval(alpha)
        distance = self.gain + self.margin
        width = self.gain - low if distance > 0 else high - self.gain
        growth = (width / distance) ** 2 if distance else math.inf
        growth = max(growth, 1 / max(self._units_share(MIN_RARE_UNITS), 1e-3))
        return max(1, math.ceil(self.rows * (min(growth, 1000.0) - 1)))

    def _units_share(self, rare_units: float) -> float:
        """The units in relation to those that are needed, of which so many are rare."""
        rare = 1.0 if self.rare_units is None else self.rare_units / rare_units
        return min(self.units / MIN_UNITS, rare)


def compare_labelled(
    metric: Metric,
    truth: Truth,
    champion: Floats,
    challenger: Floats,
    expectation: Expectation,
    requests: NDArray[Any],
    entities: NDArray[Any] | None = None,
) -> LabelledGain | None:
    """Compare both answers to the same labelled rows; None where the metric has no figure for them yet.

    Rows are in the order of time. Rows that depend on each other are those of blocks in time, as long as their gains or
    those on the holdout ask for, those of one entity, and those of one request (ids [rows]); the grouping that is least
    sure counts. Rows of one request follow each other: where they are alike, blocks are long. So few requests of many
    rows are no obstacle.
    """
    try:
        gains = metric.gain(metric.influence(truth, challenger), metric.influence(truth, champion))
    except MetricUndefined:
        return None
    own = min(block_length(without_shift(gains)), max(len(gains) // MIN_UNITS, 1))
    units = [np.arange(len(gains)) // max(own, expectation.block)]
    units += [] if entities is None else [np.unique(entities, return_inverse=True)[1]]
    by_request = np.unique(requests, return_inverse=True)[1]
    deviations = gains - gains.mean()
    is_rare = _is_rare(truth) if metric.task == "classification" else None
    return LabelledGain(
        title=metric.title,
        rows=len(gains),
        units=min(map(_effective, units)),
        rare_units=None if is_rare is None else min(len(np.unique(numbers[is_rare])) for numbers in units),
        gain=float(gains.mean()),
        error=max(_standard_error(deviations, numbers, expectation.step) for numbers in (*units, by_request)),
        margin=expectation.margin,
        planned=_plan_units(expectation),
    )


def _plan_units(expected: Expectation) -> float:
    """Return after about how many units an equal challenger is decided on."""
    least_margin = expected.deviation * np.sqrt(WIDTH_SQUARED / MAX_PLANNED_UNITS)
    ratio = expected.deviation / max(expected.margin, least_margin, 1e-300)
    return float(np.clip(WIDTH_SQUARED * ratio**2, MIN_UNITS, MAX_PLANNED_UNITS))


def _is_rare(truth: Truth) -> NDArray[np.bool_]:
    """Tell which rows do not have the most frequent class."""
    numbers = truth.astype(np.int64)
    return np.asarray(numbers != np.bincount(numbers).argmax(), dtype=bool)


def _standard_error(deviations: Floats, units: NDArray[np.int64], step: float) -> float:
    """Return the standard error of a mean by the sums of units (Liang & Zeger 1986).

    Two rows are added that nobody saw, one that gains a `step` and one that loses it: where hardly any answer differs,
    the next one may be either (Agresti & Min 2005).
    """
    sums = np.bincount(units, weights=deviations)
    correction = len(sums) / max(len(sums) - 1, 1)
    return float(np.sqrt(correction * (sums**2).sum() + 2 * step**2) / len(deviations))


def _effective(units: NDArray[np.int64]) -> float:
    """Count units; where some hold far more rows than others it is fewer (Kish 1965)."""
    sizes = np.bincount(units).astype(np.float64)
    return float(sizes.sum() ** 2 / (sizes**2).sum()) if len(units) else 0.0
