"""Keep the coverage of intervals while the data changes: by the labels that come, in the order in which they came.

The bound of errors is the conformal one of the latest errors, at a level that adapts: each label that lies outside
lowers the share that may miss, each one inside raises it (Gibbs & Candès, Adaptive conformal inference under
distribution shift, 2021). A label takes effect when it was received, so predictions are held against the bound of their
own time. The step shrinks with the number of predictions that wait for a label: a late answer to a large step would
overshoot.

An abrupt change is another matter. Each miss raises, and each hit lowers, the wealth of a gambler who bets that twice as
many miss as should; below 1 the game begins anew. While the coverage is right, it takes 1 / FALSE_LOSSES labels on
average, at least, until the wealth reaches that number (Volkhonskiy et al., Inductive conformal martingales for
change-point detection, 2017). Then the bound is withdrawn. It is learned again from the errors since the change, and
comes back once enough predictions after that were labelled without another alarm.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from refrain.conformal import conformal_rank, error_bound

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

ROUNDING = 1e-6
"""How far equal errors differ, relatively, once answers have been written with seven digits."""

MIN_PROVING_LABELS = 100
"""So many labelled predictions bring a withdrawn bound back."""


@dataclass
class AdaptiveBound:
    """The bound of errors in force, and whether it is withdrawn; `miss` is the share that may exceed it.

    `errors` are those that it is learned from, the newest last.
    """

    errors: deque[float]
    miss: float
    game: int = 0
    proving: int = 0
    _ranked: list[float] = field(init=False)
    _level: float = field(init=False)
    _wealth: float = 0.0
    _since_start: int = 0

    def __post_init__(self) -> None:
        self._begin(self.errors)

    @property
    def bound(self) -> float | None:
        """The bound of errors; None where there are too few of them."""
        if error_bound(self._ranked, self.miss) is None:
            return None
        rank = conformal_rank(len(self._ranked), self._level)
        return self._ranked[max(min(rank, len(self._ranked)), 1) - 1]

    @property
    def is_withdrawn(self) -> bool:
        """Whether the latest answers lay outside too often."""
        return self.proving > 0

    def learn(self, error: float, missed: bool | None, waiting: int) -> None:
        """Learn the error of an answer, that `missed` the bound of its time (None: of an earlier game, or none).

        `waiting` is how many later predictions came before its label.
        """
        if len(self.errors) == MAX_LEARNED_ERRORS:
            del self._ranked[bisect_left(self._ranked, self.errors.popleft())]
        self.errors.append(error)
        insort(self._ranked, error)
        self._since_start += 1
        if missed is None:
            return
        self.proving = max(self.proving - 1, 0)
        step = STEP / (1 + math.e * STEP * waiting)
        self._level = min(max(self._level + step * (self.miss - missed), 0.0), 2 * self.miss)
        self._bet(missed)

    def _bet(self, missed: bool) -> None:
        feared = min(2 * self.miss, (1 + self.miss) / 2)
        gain = math.log(feared / self.miss if missed else (1 - feared) / (1 - self.miss))
        if self._wealth == 0.0:
            self._since_start = 1
        self._wealth = max(self._wealth + gain, 0.0)
        if self._wealth >= -math.log(FALSE_LOSSES):
            self.game += 1
            self.proving = MIN_PROVING_LABELS
            self._begin(list(self.errors)[-self._since_start :])

    def _begin(self, errors: Iterable[float]) -> None:
        self.errors = deque(errors, MAX_LEARNED_ERRORS)
        self._ranked = sorted(self.errors)
        self._level, self._wealth = self.miss, 0.0


def adapt_bound(calibration: Sequence[float], errors: Floats, asked: Array, received: Array, miss: float) -> AdaptiveBound:
    """Return the bound that is in force after these labelled predictions, from the ranked errors of the calibration.

    The same ones lead to the same bound, in whatever order they are listed: `asked` and `received` are their times.
    """
    mixed = np.random.default_rng(0).permutation(calibration)[:MAX_LEARNED_ERRORS].tolist()
    adaptive = AdaptiveBound(deque(mixed), miss)
    order = np.lexsort((errors, received, asked))
    errors, received = errors[order], received[order]
    number = len(errors)
    times, is_label = np.r_[asked[order], received], np.repeat([False, True], number)
    bounds: list[tuple[int, float | None]] = []
    for event in np.lexsort((np.tile(np.arange(number), 2), is_label, times)).tolist():
        if event < number:
            bounds.append((adaptive.game, adaptive.bound))
            continue
        row = event - number
        game, bound = bounds[row]
        missed = None if bound is None or game != adaptive.game else bool(errors[row] > bound * (1 + ROUNDING))
        adaptive.learn(float(errors[row]), missed, len(bounds) - 1 - row)
    return adaptive
