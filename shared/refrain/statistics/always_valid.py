"""Tests that hold however often one looks: a gambler who bets against a claim, and grows rich only when it is wrong.

Somebody claims that the mean of values between 0 and 1 is at most m. The gambler starts with 1, and on each value x
stakes a share of what she has, so that it becomes 1 + l (x - m) times as much. If the claim is true her wealth is a
non-negative supermartingale, and the probability that it ever reaches 1/alpha, at whatever moment somebody looks, is at
most alpha (Ville 1939). Nothing is asked of the distribution, and of the order only that each value's expectation given
those before keeps to the claim. Not knowing the best stake she spreads her money over several.

Waudby-Smith & Ramdas, Estimating means of bounded random variables by betting, 2024; Howard, Ramdas, McAuliffe &
Sekhon, Time-uniform, nonparametric, nonasymptotic confidence sequences, 2021; and, for mixtures in tests of rollouts,
Johari, Koomen, Pekelis & Walsh, Always valid inference, 2022 (Peeking at A/B tests, 2017).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from refrain.arrays import Floats

STAKES = np.geomspace(0.005, 0.98, 16)
"""Shares of the greatest stake that cannot ruin her."""


def surely_above(values: Floats, bound: float, alpha: float) -> bool:
    """Tell whether values between 0 and 1, in the order in which they came, refute that their mean is at most `bound`.

    When the mean is at most `bound`, this is ever true with a probability of at most `alpha`, over all looks together.

    >>> surely_above(np.ones(10), 0.5, 0.05), surely_above(np.tile([0.0, 1.0], 500), 0.5, 0.05)
    (True, False)
    """
    return wealth(values, bound) >= 1 / alpha


def surely_below(values: Floats, bound: float, alpha: float) -> bool:
    """Tell whether they refute that their mean is at least `bound`.

    >>> surely_below(np.zeros(200), 0.05, 0.05), surely_below(np.zeros(20), 0.05, 0.05)
    (True, False)
    """
    return surely_above(1 - np.asarray(values), 1 - bound, alpha)


def wealth(values: Floats, bound: float) -> float:
    """Return the most that the gambler ever had; `bound` lies between 0 and 1, both excluded."""
    if not len(values):
        return 1.0
    stakes = STAKES[:, np.newaxis] / bound
    grown = np.log1p(stakes * (np.asarray(values, dtype=np.float64) - bound)).cumsum(axis=1)
    greatest = grown.max(axis=0)
    total = greatest + np.log(np.exp(grown - greatest).mean(axis=0))
    return float(np.exp(min(max(total.max(), 0.0), 700.0)))
