"""How often a listener played, for the first time, one of the ten songs that were offered before the session.

A session in which nothing was new is not counted: nobody could have hit anything. All policies are asked about the same
sessions, so their differences are surer than their rates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from local.demo.policies import Offered
    from local.demo.streaming import Service

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
    """The counted sessions: `hit` [sessions, policies], and of each its day and listener.

    `predicted` has shares of first-time plays, by kind of song and policy, with how many plays of the kind there were.
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
        """How much more of each day's sessions a policy hit than another one, in pairs.

        A listener has one session a day, so a day's sessions are independent; by the normal distribution.
        """
        found = []
        difference = self._difference(policy, over)
        for day in self._days():
            some = difference[self.day == day]
            off = NORMAL * float(some.std(ddof=1)) / len(some) ** 0.5 if len(some) > 1 else 1.0
            found.append(Rate(float(some.mean()), float(some.mean()) - off, float(some.mean()) + off))
        return found

    def rate(self, policy: str, days: range | None = None) -> Rate:
        """The hit rate over all days, or some."""
        return self._resampled(self.hit[:, self.policies.index(policy)].astype(np.float64), days)

    def gain(self, policy: str, over: str, days: range | None = None) -> Rate:
        """How much more sessions a policy hit than another one over all days, or some, in pairs."""
        return self._resampled(self._difference(policy, over), days)

    def _difference(self, policy: str, over: str) -> NDArray[np.float64]:
        first, second = (self.hit[:, self.policies.index(each)].astype(np.float64) for each in (policy, over))
        return first - second

    def _resampled(self, values: NDArray[np.float64], days: range | None) -> Rate:
        """Take the mean with a bootstrap over listeners, since the sessions of one listener go together."""
        chosen = np.isin(self.day, list(days)) if days is not None else np.ones(len(self.day), bool)
        listeners, places = np.unique(self.listener[chosen], return_inverse=True)
        sums, many = np.bincount(places, values[chosen]), np.bincount(places)
        draw = np.random.default_rng(0)
        weights = draw.multinomial(len(listeners), np.full(len(listeners), 1 / len(listeners)), size=RESAMPLES)
        low, high = np.quantile((weights @ sums) / (weights @ many), [0.025, 0.975])
        return Rate(float(values[chosen].mean()), float(low), float(high))

    def _days(self) -> range:
        return range(int(self.day.max()) + 1)


def count_hits(service: Service, policies: tuple[str, ...], days: Iterable[Offered]) -> HitRates:
    """Count the sessions with at least one song that was offered and then played for the first time."""
    seen = list(days)
    plays = np.concatenate([each.plays for each in seen])
    taken = np.concatenate([each.taken for each in seen])
    sessions, first, places = np.unique(service.session[plays], return_index=True, return_inverse=True)
    hit = np.zeros((len(sessions), len(policies)), bool)
    np.logical_or.at(hit, places, taken)
    kinds = kinds_of_songs(service)[service.song[plays]]
    shares = {
        kind: (int((kinds == kind).sum()), tuple(taken[kinds == kind].mean(axis=0).tolist()))
        for kind in KINDS
        if (kinds == kind).any()
    }
    versions = [frozenset().union(*each) for each in zip(*(day.trained for day in seen), strict=True)]
    return HitRates(
        policies,
        hit,
        sessions // service.plan.listeners,
        service.listener[plays[first]],
        shares,
        tuple(len(each) for each in versions),
    )


KINDS = ("the hit", "out since watching began", "older")


def kinds_of_songs(service: Service) -> NDArray[np.str_]:
    """Tell of each song whether it is the hit, came out while watching, or was there before."""
    kinds = np.where(service.songs.released >= service.plan.start, KINDS[1], KINDS[2])
    kinds[service.hit] = KINDS[0]
    return kinds
