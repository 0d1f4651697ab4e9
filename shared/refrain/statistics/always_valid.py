"""Tests that stay valid however often one looks at the data.

**Bets** on shares and other values between 0 and 1 pay only if a claim is wrong: that the mean is at most m. A gambler
starts with a wealth of 1 and bets against the claim on each value: a stake l on value x multiplies the wealth by
1 + l (x - m). If the claim is true, the wealth is a non-negative supermartingale, and the probability that it ever
reaches 1/alpha, at any time, is at most alpha (Ville 1939). This assumes nothing of the distribution, and of the order
only that the expectation of each value, given those before it, keeps to the claim. The best stake is unknown, so the
wealth is spread over several.

**Sequences** of intervals are for figures of any metric, which have no bounds. They are wider than the intervals of one
look, by a boundary that a Brownian motion crosses with a probability of at most alpha (`sequence_width`). They hold
once a normal distribution describes the figure: whoever uses them has to ask for enough rows.

Waudby-Smith & Ramdas, Estimating means of bounded random variables by betting, 2024; Howard, Ramdas, McAuliffe &
Sekhon, Time-uniform, nonparametric, nonasymptotic confidence sequences, 2021; Waudby-Smith, Arbour, Sinha, Kennedy &
Ramdas, Time-uniform central limit theory and asymptotic confidence sequences, 2021; and, for mixtures in tests of
rollouts, Johari, Koomen, Pekelis & Walsh, Always valid inference, 2022 (Peeking at A/B tests, 2017).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from refrain.arrays import Floats

STAKES = np.geomspace(0.005, 0.98, 16)
"""Shares of the greatest stake that cannot lose everything."""


def surely_above(values: Floats, bound: float, alpha: float) -> bool:
    """Tell whether values [n] between 0 and 1, in the order in which they came, refute a mean of at most `bound`.

    If the mean is at most `bound`, this is ever true with a probability of at most `alpha`, however often it is asked.

    >>> surely_above(np.ones(10), 0.5, 0.05), surely_above(np.tile([0.0, 1.0], 500), 0.5, 0.05)
    (True, False)
    """
    return wealth(values, bound) >= 1 / alpha


def surely_below(values: Floats, bound: float, alpha: float) -> bool:
    """Tell whether values [n] refute a mean of at least `bound`.

    >>> surely_below(np.zeros(200), 0.05, 0.05), surely_below(np.zeros(20), 0.05, 0.05)
    (True, False)
    """
    return surely_above(1 - np.asarray(values), 1 - bound, alpha)


def wealth(values: Floats, bound: float) -> float:
    """Return the greatest wealth so far; `bound` lies between 0 and 1, both excluded.

    >>> wealth(np.zeros(5), 0.5), wealth(np.ones(5), 0.5) > 2
    (1.0, True)
    """
    if not len(values):
        return 1.0
    stakes = STAKES[:, np.newaxis] / bound
    logarithms = np.log1p(stakes * (np.asarray(values, dtype=np.float64) - bound)).cumsum(axis=1)
    greatest = logarithms.max(axis=0)
    total = greatest + np.log(np.exp(logarithms - greatest).mean(axis=0))
    return float(np.exp(min(max(total.max(), 0.0), 700.0)))


def sequence_width(units: float, alpha: float, planned: float) -> float:
    """Return how many standard errors a figure of independent units may lie above, or below, the true one.

    At all looks together it lies further on that side with a probability of at most `alpha`. The width is least about
    `planned` units, which is chosen beforehand, and grows slowly on both sides of them.

    >>> [round(sequence_width(units, 0.0125, 1000), 2) for units in (100, 1000, 10_000)]
    [4.07, 3.28, 3.47]
    """
    tail = -2 * math.log(2 * alpha)
    scale = (tail + math.log(tail + 1)) * units / planned
    return math.sqrt(2 * (1 + 1 / scale) * math.log1p(math.sqrt(scale + 1) / (2 * alpha)))
