"""One answer from a measured gain: better, no worse than by the margin, worse, or undecided and how many rows it takes.

It rests on the interval of the gain alone, so that the answer, the interval and the drawing of it always agree.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from refrain.statistics.gains import MeasuredGain

type Answer = Literal["better", "no_worse", "worse", "undecided"]

NORMAL_80 = 0.8416
"""The normal distribution's 80 % quantile."""


def answer_to(measured: MeasuredGain, margin: float, least_gain: float, alpha: float) -> Answer:
    """Say what is sure of a gain: that it exceeds `least_gain`, that it is no loss beyond the margin, or a loss.

    >>> from refrain.statistics.gains import MeasuredGain
    >>> from refrain.statistics.intervals import Interval
    >>> answer_to(MeasuredGain(0.1, Interval(-0.1, 0.3), 0.2, 0.8, 0.1), 0.2, 0.0, 0.05)
    'no_worse'
    """
    if measured.interval is None:
        return "undecided"
    low, high = measured.interval
    if measured.chance <= alpha and low >= least_gain:
        return "better"
    if low > -margin:
        return "no_worse"
    return "worse" if measured.chance_of_loss <= alpha and high <= 0 else "undecided"


def rows_that_decide(measured: MeasuredGain, margin: float, least_gain: float, rows: int) -> int | None:
    """Return about how many more rows would decide, if the gain is what it looks like; None if no number would.

    An interval narrows with the root of the rows: it has to become as narrow as the gain is far from the nearest claim.

    >>> from refrain.statistics.gains import MeasuredGain
    >>> from refrain.statistics.intervals import Interval
    >>> rows_that_decide(MeasuredGain(0.1, Interval(-0.1, 0.3), 0.2, 0.8, 0.1), 0.0, 0.0, 1000)
    3000
    """
    if measured.interval is None:
        return None
    gain, width = measured.gain, measured.gain - measured.interval.low
    distances = [gain - least_gain, gain + margin, -gain]
    factors = [(width / distance) ** 2 for distance in distances if distance > 0]
    return max(1, math.ceil(rows * (min(factors) - 1))) if factors and math.isfinite(min(factors)) else None


def gain_seen_by_most(measured: MeasuredGain) -> float | None:
    """Return the gain that such rows would show to be one with a probability of 80 %."""
    if measured.interval is None:
        return None
    return measured.gain - measured.interval.low + NORMAL_80 * measured.error
