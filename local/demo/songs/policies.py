"""When a model is retrained, and what it would have recommended: with the product's own training and serving.

A version is fitted by `refrain.training.recommender_fit` on all plays before its time, as a run refits what serves, and
offers songs that are out and not yet played. `refrain.model.recommendation` loads it, and answers for the listener's
history until then, as the history table has it. There is no gate: every new version serves. Its parameters are chosen
once a day, to save time, where a run chooses them each time.
"""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby, pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from local.demo.songs.repertoire import DAY, HOUR
from preprocessing import RecommenderDefinition, load_definition
from refrain.lake.feature_profile import AnswerProfile
from refrain.lake.version import Baseline, Golden, TrainingRows
from refrain.model.recommendation import RecommenderModel
from refrain.recommendation.recommendation_request import RecommendationRequest
from refrain.training.fitted_candidate import FittedCandidate
from refrain.training.recommender_fit import fit_recommender

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from local.demo.songs.simulation import Service
    from preprocessing import Candidate, Columns
    from refrain.training.recommender_fit import RecommenderFit

DEFINITION = Path(__file__).parents[3] / "examples" / "songs.toml"
POPULARITY = "popularity"
"""The first other candidate of the definition is retrained. It must be quick: it is trained hundreds of times."""
RECOMMENDED_SONGS = 10
WORKERS = 2
NO_BASELINE = Baseline(rows=0, features={}, predictions=AnswerProfile(0))
"""Nobody monitors these versions."""


@dataclass(frozen=True)
class Policy:
    """A model that is retrained at an interval (None: never); if `popular`, it recommends the most popular songs."""

    name: str
    every: np.timedelta64 | None
    popular: bool = False

    def trained_at(self, start: np.datetime64, time: np.datetime64) -> np.datetime64:
        """Return when the version that serves at a time was trained."""
        if self.every is None:
            return start
        return start + (time - start) // self.every * self.every


POLICIES = (
    Policy("hourly", HOUR),
    Policy("weekly", 7 * DAY),
    Policy("once", None),
    Policy(POPULARITY, HOUR, popular=True),
)


@dataclass(frozen=True)
class WatchedDay:
    """A day's first plays of a song by a listener, and whether each policy had recommended the song before the session.

    `plays` are rows of the service, `taken` is [plays, policies], `trained` has the times at which the versions of each
    policy were trained.
    """

    day: int
    plays: NDArray[np.int64]
    taken: NDArray[np.bool_]
    trained: tuple[frozenset[np.datetime64], ...]


class PolicyWatch:
    """A service watched day by day; days are independent, so they may be watched in any order."""

    def __init__(self, service: Service, policies: Sequence[Policy] = POLICIES) -> None:
        self._service = service
        self._policies = policies
        self._trainer = Trainer(service)
        order = np.argsort(service.listener, kind="stable")
        bounds = np.searchsorted(service.listener[order], np.arange(service.plan.listeners + 1))
        self._plays_of_listener = [order[since:until] for since, until in pairwise(bounds.tolist())]

    def day(self, day: int) -> WatchedDay:
        """Ask each policy before each session of a day, with the version that serves in that hour."""
        service = self._service
        plays: list[int] = []
        taken: list[list[bool]] = []
        trained: list[set[np.datetime64]] = [set() for _ in self._policies]
        for hour, sessions in self._hours(day):
            openings = [sitting[0] for sitting in sessions]
            histories = [self.history_before(int(service.listener[play]), service.time[play]) for play in openings]
            recommended = []
            for policy, times in zip(self._policies, trained, strict=True):
                time = policy.trained_at(service.plan.start, hour)
                times.add(time)
                recommended.append(recommend_songs(self._trainer.version(time), histories, popular=policy.popular))
            for number, sitting in enumerate(sessions):
                fresh = [play for play in sitting if service.fresh[play]]
                plays += fresh
                ids = service.songs.ids[service.song[fresh]].tolist()
                taken += [[song in lists[number] for lists in recommended] for song in ids]
        shape = (len(plays), len(self._policies))
        return WatchedDay(day, np.array(plays, np.int64), np.array(taken, bool).reshape(shape), _frozen(trained))

    def history_before(self, listener: int, time: np.datetime64) -> tuple[str, ...]:
        """Return a listener's history before a time, the newest song last."""
        plays = self._plays_of_listener[listener]
        earlier = plays[: np.searchsorted(self._service.time[plays], time, side="left")]
        return tuple(self._service.songs.ids[self._service.song[earlier]].tolist())

    def _hours(self, day: int) -> Iterator[tuple[np.datetime64, list[list[int]]]]:
        """Yield each hour of a day in which sessions begin, with the plays of each session."""
        service = self._service
        plays = np.flatnonzero((service.session // service.plan.listeners) == day)
        sittings: dict[int, list[int]] = {}
        for play in plays.tolist():
            sittings.setdefault(int(service.session[play]), []).append(play)
        for hour, sessions in groupby(sittings.values(), key=lambda sitting: _whole_hour(service.time[sitting[0]])):
            yield hour, list(sessions)


def recommend_songs(
    version: RecommenderModel, histories: Sequence[tuple[str, ...]], *, popular: bool
) -> list[set[str]]:
    """Ask a version for ten songs for each history, as the API does.

    Popular songs are what it recommends to an unknown user; here without those of the history.
    """
    requests = [
        RecommendationRequest(
            None,
            () if popular else history,
            RECOMMENDED_SONGS,
            history if popular else (),
            exclude_seen=True,
            within=(),
        )
        for history in histories
    ]
    return [{version.catalogue.items[code] for code in answer.items} for answer in version.recommend(requests)]


class Trainer:
    """Trains versions on the plays before a time, and keeps the last few."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._columns = service.columns(0, len(service.song))
        definition = load_definition(DEFINITION)
        assert isinstance(definition, RecommenderDefinition), "songs are recommended"
        self._definition = definition
        self._candidate = next(item for item in definition.training.candidates if item.name != POPULARITY)
        self.candidate = lru_cache(maxsize=4)(self._choose)
        self.version = lru_cache(maxsize=4)(self._version)

    def rows(self, time: np.datetime64) -> Columns:
        """Return all that is known at a time: the plays before it."""
        until = self._service.until(time)
        return {name: column[:until] for name, column in self._columns.items()}

    def _choose(self, day: np.datetime64) -> Candidate:
        """Choose the parameters of a day's versions, when it begins."""
        chosen = self._fit(day, self._candidate).chosen
        return replace(self._candidate, parameters={**self._candidate.parameters, **chosen})

    def _fit(self, time: np.datetime64, candidate: Candidate) -> RecommenderFit:
        rows, songs = self.rows(time), self._service.catalogue(time)
        with threadpool_limits(1):  # the matrices are small: more threads would wait for each other
            return fit_recommender(self._definition, candidate, rows, songs, offer_new=True)

    def _version(self, time: np.datetime64) -> RecommenderModel:
        candidate = self.candidate(np.datetime64(np.datetime64(time, "D"), "us"))
        fitted = self._fit(time, candidate)
        unproved = FittedCandidate(fitted.graph, NO_BASELINE, Golden([], []), {}, fitted.seconds)
        rows = TrainingRows(str(time), self._service.until(time), 0)
        manifest = unproved.version_files(self._definition, candidate, str(time), rows, fitted.seconds).manifest
        return RecommenderModel.load(manifest, fitted.graph, fitted.catalogue)


def _whole_hour(time: np.datetime64) -> np.datetime64:
    return np.datetime64(np.datetime64(time, "h"), "us")


def follow(service: Service, policies: Sequence[Policy] = POLICIES) -> Iterator[WatchedDay]:
    """Yield each watched day, in order; processes of their own share the days."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(WORKERS, spawn, _begin, (service, tuple(policies))) as pool:
        yield from pool.map(_day, range(service.plan.watched))


_watch: PolicyWatch | None = None


def _begin(service: Service, policies: tuple[Policy, ...]) -> None:
    global _watch
    _watch = PolicyWatch(service, policies)


def _day(day: int) -> WatchedDay:
    assert _watch is not None, "a process begins with a watch"
    return _watch.day(day)


def _frozen(trained: list[set[np.datetime64]]) -> tuple[frozenset[np.datetime64], ...]:
    return tuple(frozenset(times) for times in trained)
