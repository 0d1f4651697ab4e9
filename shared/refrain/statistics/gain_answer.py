"""One answer from a measured gain: better, no worse than by the margin, worse, or undecided and how many rows it takes.

It rests on the interval of the gain alone, so that the answer, the interval and the drawing of it always agree.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from refrain.statistics.intervals import Interval

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
    is_gain, is_loss = measured.chance <= alpha, measured.chance_of_loss <= alpha and measured.interval.high <= 0
    return _answer(measured.interval, margin, is_gain=is_gain and measured.interval.low >= least_gain, is_loss=is_loss)


def _answer(interval: Interval, margin: float, *, is_gain: bool, is_loss: bool) -> Answer:
    if is_gain:
        return "better"
    if interval.low > -margin:
        return "no_worse"
    return "worse" if is_loss else "undecided"


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


def answer_later(
    gain: float, width: float, earlier_width: float, margin: float, rows: int
) -> tuple[Answer, int | None]:
    """Compare a figure of `rows` later rows with the figure of earlier ones: one answer, and how many more rows decide.

    They are other rows, so nothing is paired. Both figures have an interval, of half widths `width` and `earlier_width`
    on either side, and that of the gain is the root of their squares. Only the later one narrows as rows come.

    >>> answer_later(-0.1, 0.03, 0.04, 0.02, 100), answer_later(-0.05, 0.06, 0.03, 0.02, 100)
    (('worse', None), ('undecided', 125))
    """
    spread = math.hypot(width, earlier_width)
    interval = Interval(gain - spread, gain + spread)
    answer = _answer(interval, margin, is_gain=interval.low > 0, is_loss=interval.high < 0)
    if answer != "undecided":
        return answer, None
    squares = [distance**2 - earlier_width**2 for distance in (gain, gain + margin, -gain) if distance > 0]
    narrowest = max(squares, default=0.0)
    return answer, max(1, math.ceil(rows * (width**2 / narrowest - 1))) if narrowest > 0 else None


def gain_seen_by_most(measured: MeasuredGain) -> float | None:
    """Return the gain that such rows would show to be one with a probability of 80 %."""
    if measured.interval is None:
        return None
    return measured.gain - measured.interval.low + NORMAL_80 * measured.error
