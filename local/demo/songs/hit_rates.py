"""How often a listener played, for the first time, one of the ten songs recommended before the session.

A session without a new song is not counted: it cannot be hit. All policies answer for the same sessions, so their
differences are more certain than their rates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from local.demo.songs.policies import WatchedDay
    from local.demo.songs.simulation import Service

RESAMPLES = 2_000
NORMAL = 1.96


@dataclass(frozen=True)
class Rate:
    """A rate, or a difference of two, with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class HitRates:
    """The counted sessions: `hit` [sessions, policies], with the day and the listener of each session.

    `predicted` has, by kind of song, the number of first plays and the share that each policy had recommended.
    """

    policies: tuple[str, ...]
    hit: NDArray[np.bool_]
    day: NDArray[np.int64]
    listener: NDArray[np.int64]
    predicted: dict[str, tuple[int, tuple[float, ...]]]
    versions: tuple[int, ...]

    def daily(self, policy: str) -> list[float]:
        """The hit rate of each day."""
        column = self.hit[:, self.policies.index(policy)]
        return [float(column[self.day == day].mean()) for day in self._days()]

    def gains(self, policy: str, over: str) -> list[Rate]:
        """The difference between two policies' hit rates on each day, in pairs.

        A listener has one session a day, so a day's sessions are independent; by the normal distribution.
        """
        gains = []
        difference = self._difference(policy, over)
        for day in self._days():
            values = difference[self.day == day]
            gain = float(values.mean())
            margin = NORMAL * float(values.std(ddof=1)) / len(values) ** 0.5 if len(values) > 1 else 1.0
            gains.append(Rate(gain, gain - margin, gain + margin))
        return gains

    def rate(self, policy: str, days: range | None = None) -> Rate:
        """The hit rate over all days, or over given ones."""
        return self._resampled(self.hit[:, self.policies.index(policy)].astype(np.float64), days)

    def gain(self, policy: str, over: str, days: range | None = None) -> Rate:
        """The difference between two policies' hit rates over all days, or over given ones, in pairs."""
        return self._resampled(self._difference(policy, over), days)

    def _difference(self, policy: str, over: str) -> NDArray[np.float64]:
        first, second = (self.hit[:, self.policies.index(name)].astype(np.float64) for name in (policy, over))
        return first - second

    def _resampled(self, values: NDArray[np.float64], days: range | None) -> Rate:
        """Take the mean with a bootstrap over listeners, since the sessions of one listener go together."""
        chosen = np.isin(self.day, list(days)) if days is not None else np.ones(len(self.day), bool)
        listeners, numbers = np.unique(self.listener[chosen], return_inverse=True)
        sums, sessions = np.bincount(numbers, values[chosen]), np.bincount(numbers)
        draw = np.random.default_rng(0)
        weights = draw.multinomial(len(listeners), np.full(len(listeners), 1 / len(listeners)), size=RESAMPLES)
        low, high = np.quantile((weights @ sums) / (weights @ sessions), [0.025, 0.975])
        return Rate(float(values[chosen].mean()), float(low), float(high))

    def _days(self) -> range:
        return range(int(self.day.max()) + 1)


def count_hits(service: Service, policies: tuple[str, ...], days: Iterable[WatchedDay]) -> HitRates:
    """Count the sessions in which at least one recommended song was played for the first time."""
    watched = list(days)
    plays = np.concatenate([day.plays for day in watched])
    taken = np.concatenate([day.taken for day in watched])
    sessions, first, numbers = np.unique(service.session[plays], return_index=True, return_inverse=True)
    hit = np.zeros((len(sessions), len(policies)), bool)
    np.logical_or.at(hit, numbers, taken)
    kinds = kinds_of_songs(service)[service.song[plays]]
    shares = {
        kind: (int((kinds == kind).sum()), tuple(taken[kinds == kind].mean(axis=0).tolist()))
        for kind in KINDS
        if (kinds == kind).any()
    }
    versions = [frozenset().union(*times) for times in zip(*(day.trained for day in watched), strict=True)]
    return HitRates(
        policies,
        hit,
        sessions // service.plan.listeners,
        service.listener[plays[first]],
        shares,
        tuple(map(len, versions)),
    )


KINDS = ("the hit", "out since watching began", "older")


def kinds_of_songs(service: Service) -> NDArray[np.str_]:
    """Return the kind of each song: the hit, out since watching began, or older."""
    kinds = np.where(service.songs.released >= service.plan.start, KINDS[1], KINDS[2])
    kinds[service.hit] = KINDS[0]
    return kinds
