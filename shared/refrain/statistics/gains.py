"""What gains in rows prove: the mean gain, its interval, and how likely equal models show as much.

A gain in a row is by how much the challenger's influence value is better than the champion's (see `Metric.influence`).
The gains are summed over units of dependent rows. The interval holds the mean gains that the same test does not refute,
so test and interval never disagree. Several challengers are tested by the greatest of their flipped sums, which costs
less power than Bonferroni's rule (Westfall & Young, Resampling-based multiple testing, 1993).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from refrain.statistics.dependence import sum_units
from refrain.statistics.intervals import Interval
from refrain.statistics.sign_flips import chance_of, flip_sums

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from refrain.arrays import Floats

MIN_UNITS = 5
"""With fewer units no test of 5 % can say anything."""
WIDENINGS, HALVINGS = 8, 12


@dataclass(frozen=True)
class MeasuredGain:
    """A mean gain, with the interval that leaves the error on either side, None where the units are too few for one.

    `chance` and `chance_of_loss` are how likely equal models show such a gain, or such a loss. `error` is the gain's
    standard error.
    """

    gain: float
    interval: Interval | None
    chance: float
    chance_of_loss: float
    error: float


def measure_gains(gains: Floats, units: NDArray[np.int64], alpha: float, least_step: float = 0.0) -> list[MeasuredGain]:
    """Measure the columns of `gains` [rows, challengers] together, so that the error `alpha` holds for all of them.

    `units` [rows] are the numbers of the rows' units, from 0. `least_step` is how much a unit would differ if one did:
    where none differs, the interval still is not empty.

    >>> rows = np.array([[1.0]] * 8 + [[0.0], [-1.0]])
    >>> measured = measure_gains(rows, np.arange(10), 0.05)[0]
    >>> measured.gain, round(measured.chance, 3), measured.interval.low >= 0
    (0.7, 0.016, True)
    """
    sums, sizes = sum_units(gains, units)
    wings = np.zeros((2, sums.shape[1] + 2))
    wings[:, -1] = 1, -1
    table = np.vstack([np.c_[sums, sizes, np.zeros(len(sums))], wings])
    flipped = flip_sums(table, np.append((sums != 0).any(axis=1), [False, False]), alpha)
    return [_measure(index, sums, sizes, flipped, alpha, least_step) for index in range(sums.shape[1])]


def _measure(index: int, sums: Floats, sizes: Floats, flipped: Floats, alpha: float, least_step: float) -> MeasuredGain:
    gain = float(sums[:, index].sum() / sizes.sum())
    differing = sums[sums[:, index] != 0, index]
    step = float(np.sqrt(np.mean(differing**2))) if len(differing) else least_step
    error = float(np.sqrt(((sums[:, index] - gain * sizes) ** 2).sum() + 2 * step**2) / sizes.sum())
    up = _OneSided(index, sums, sizes, flipped, step)
    down = _OneSided(index, -sums, sizes, np.c_[-flipped[:, :-2], flipped[:, -2:]], step)
    chance, chance_of_loss = up.chance(), down.chance()
    low, high = up.least(alpha, gain, error), down.least(alpha, -gain, error)
    if low is None or high is None or len(sums) < MIN_UNITS:
        return MeasuredGain(gain, None, chance, chance_of_loss, error)
    low = max(low, 0.0) if chance <= alpha else min(low, 0.0)
    high = min(-high, 0.0) if chance_of_loss <= alpha else max(-high, 0.0)
    return MeasuredGain(gain, Interval(low, high), chance, chance_of_loss, error)


class _OneSided:
    """How likely a challenger's sum is by chance, against the greatest of all challengers' flipped sums.

    For a mean other than 0 two units are added that no row belongs to, one that gains a `step` and one that loses it:
    where few units differ, the next one may be either (Agresti & Min, Simple improved confidence intervals for
    comparing matched proportions, 2005).
    """

    def __init__(self, index: int, sums: Floats, sizes: Floats, flipped: Floats, step: float) -> None:
        self._sums, self._sizes, self._step = sums[:, index], sizes, step
        self._flipped, self._flipped_sizes, self._wings = flipped[:, index], flipped[:, -2], flipped[:, -1]
        norms = np.sqrt((sums**2).sum(axis=0))
        rivals = (np.arange(sums.shape[1]) != index) & (norms > 0)
        self._rivals = (flipped[:, :-2][:, rivals] / norms[rivals]).max(axis=1, initial=-np.inf)

    def chance(self, mean: float = 0.0) -> float:
        """Return how likely such a sum is if the true mean gain is `mean`."""
        centred, step = self._sums - mean * self._sizes, self._step if mean else 0.0
        norm = float(np.sqrt(centred @ centred + 2 * step**2))
        if not norm:
            return 1.0
        own = (self._flipped - mean * self._flipped_sizes + step * self._wings) / norm
        return chance_of(np.maximum(own, self._rivals), float(own[0]))

    def least(self, alpha: float, gain: float, error: float) -> float | None:
        """Return the least mean gain that is not refuted; None if none can be, with so few units."""
        means = (gain - error * 2.0**power for power in range(WIDENINGS))
        refuted = next((mean for mean in means if self.chance(mean) <= alpha), None)
        if refuted is None:
            return None
        possible = gain
        for _ in range(HALVINGS):
            middle = (refuted + possible) / 2
            refuted, possible = (middle, possible) if self.chance(middle) <= alpha else (refuted, middle)
        return refuted
