"""Keep the coverage of intervals while the data changes: by the labels that come, in the order in which they came.

The bound of errors is the conformal one of the latest errors, at a level that adapts: each label that lies outside
lowers the share that may miss, each one inside raises it (Gibbs & Candès, Adaptive conformal inference under
distribution shift, 2021). A label takes effect when it was received, so predictions are held against the bound of their
own time. The step shrinks with the number of predictions that wait for a label: a late answer to a large step would
overshoot.

An abrupt change is another matter. Each miss raises, and each hit lowers, the wealth of a gambler who bets that twice
as many miss as should; below 1 the game begins anew. While the coverage is right, it takes 1 / FALSE_LOSSES labels on
average, at least, until the wealth reaches that number (Volkhonskiy et al., Inductive conformal martingales for
change-point detection, 2017). Then the bound is withdrawn. It is learned again from the errors since the change, and
comes back once enough predictions after that were labelled without another alarm.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from refrain.conformal import ROUNDING, conformal_rank

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from preprocessing import Array
    from refrain.arrays import Floats

MAX_LEARNED_ERRORS = 500
"""The latest errors, from which the bound is learned: more would fix it better, and follow a drift later."""

STEP = 0.005
"""How far one label moves the share that may miss, before it is shrunk for late labels: as in the paper."""

FALSE_LOSSES = 1e-4
"""At most so many alarms a label, on average, while the coverage is right."""

MIN_PROVING_LABELS = 100
"""So many labelled predictions bring a withdrawn bound back."""


class AdaptiveBound:
    """The bound of errors in force, and whether it is withdrawn; `miss` is the share that may exceed it.

    It is learned from the latest errors. After an alarm another `game` begins, with the errors since the change.
    """

    _errors: deque[float]
    _ranked: list[float]
    _level: float
    _wealth: float
    _since_start: int

    def __init__(self, errors: Iterable[float], miss: float) -> None:
        self.game = 0
        self._miss = miss
        self._proving = 0
        self._begin(errors)

    @property
    def bound(self) -> float | None:
        """The bound of errors; None where there are too few of them."""
        number = len(self._ranked)
        if conformal_rank(number, self._miss) > number:
            return None
        return self._ranked[max(min(conformal_rank(number, self._level), number), 1) - 1]

    @property
    def is_withdrawn(self) -> bool:
        """Whether the latest answers lay outside too often."""
        return self._proving > 0

    def learn(self, error: float, missed: bool | None, waiting: int) -> None:
        """Learn the error of an answer, that `missed` the bound of its time (None: of an earlier game, or none).

        `waiting` is how many later predictions came before its label.
        """
        if len(self._errors) == MAX_LEARNED_ERRORS:
            del self._ranked[bisect_left(self._ranked, self._errors.popleft())]
        self._errors.append(error)
        insort(self._ranked, error)
        self._since_start += 1
        if missed is not None:
            self._proving = max(self._proving - 1, 0)
            step = STEP / (1 + math.e * STEP * waiting)
            self._level = min(max(self._level + step * (self._miss - missed), 0.0), 2 * self._miss)
            self._bet(missed)

    def _bet(self, missed: bool) -> None:
        if self._wealth == 0.0:
            self._since_start = 1
        feared = min(2 * self._miss, (1 + self._miss) / 2)
        gain = math.log(feared / self._miss if missed else (1 - feared) / (1 - self._miss))
        self._wealth = max(self._wealth + gain, 0.0)
        if self._wealth >= -math.log(FALSE_LOSSES):
            self.game += 1
            self._proving = MIN_PROVING_LABELS
            self._begin(list(self._errors)[-self._since_start :])

    def _begin(self, errors: Iterable[float]) -> None:
        """Begin a game: its wealth is a logarithm, and `_since_start` counts the errors since that was last 0."""
        self._errors = deque(errors)
        self._ranked = sorted(self._errors)
        self._level = self._miss
        self._wealth = 0.0
        self._since_start = 0


def adapt_bound(
    calibration: Sequence[float], errors: Floats, asked: Array, received: Array, miss: float
) -> AdaptiveBound:
    """Return the bound that is in force after these labelled predictions, from the ranked errors of the calibration.

    The same ones lead to the same bound, in whatever order they are listed: `asked` and `received` are their times.
    """
    adaptive = AdaptiveBound(np.random.default_rng(0).permutation(calibration)[:MAX_LEARNED_ERRORS].tolist(), miss)
    order = np.lexsort((errors, received, asked))
    errors, received = errors[order], np.maximum(received, asked)[order]  # no label comes before its prediction
    number = len(errors)
    times, is_label = np.concatenate([asked[order], received]), np.repeat([False, True], number)
    bounds: list[tuple[int, float | None]] = []
    for event in np.lexsort((np.tile(np.arange(number), 2), is_label, times)).tolist():
        if event < number:
            bounds.append((adaptive.game, adaptive.bound))
            continue
        row = event - number
        game, bound = bounds[row]
        error = float(errors[row])
        missed = None if bound is None or game != adaptive.game else error > bound * (1 + ROUNDING)
        adaptive.learn(error, missed, len(bounds) - 1 - row)
    return adaptive
