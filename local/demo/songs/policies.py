"""When a model is retrained, and what it would have recommended: with the product's own training and serving.

A version is trained by `refrain.training.recommendation` on all plays before its time, as a run refits what serves.
`refrain.model.recommendation` loads it, and answers for the listener's history until then, as the history table
has it. There is no gate: every new version serves.
"""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from local.demo.songs.repertoire import DAY, HOUR
from preprocessing import RecommenderDefinition, load_definition, parse_definition
from refrain.lake.version import TrainingRows
from refrain.model.recommendation import RecommenderModel
from refrain.recommendation.recommendation_request import RecommendationRequest
from refrain.training.recommendation import train_recommender

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from local.demo.songs.simulation import Service
    from preprocessing import Definition

DEFINITION = Path(__file__).parents[3] / "layers" / "models" / "songs.toml"
POPULARITY = "popularity"
"""The first other candidate of the definition is retrained. It must be quick: it is trained hundreds of times."""
RECOMMENDED_SONGS = 10
WORKERS = 2


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
        self._definition = _without_titles(load_definition(DEFINITION))
        self._candidate = next(
            candidate for candidate in self._definition.training.candidates if candidate.name != POPULARITY
        )
        self.version = lru_cache(maxsize=4)(self._version)

    def rows(self, time: np.datetime64) -> dict[str, NDArray[Any]]:
        """Return all that is known at a time: the plays before it."""
        until = self._service.until(time)
        return {name: self._columns[name][:until] for name in self._definition.columns}

    def _version(self, time: np.datetime64) -> RecommenderModel:
        rows = self.rows(time)
        newest = {name: column[-1:] for name, column in rows.items()}  # nothing is judged by it
        with threadpool_limits(1):  # the matrices are small: more threads would wait for each other
            trained = train_recommender(self._definition, self._candidate, rows, newest, {})
        learned = TrainingRows(str(time), len(rows[self._definition.roles.item]), 0)
        files = trained.version_files(self._definition, self._candidate, str(time), learned, 0.0)
        assert files.catalogue is not None, "a recommender has a catalogue"
        return RecommenderModel.load(files.manifest, files.model, files.catalogue)


def _whole_hour(time: np.datetime64) -> np.datetime64:
    return np.datetime64(np.datetime64(time, "h"), "us")


def _without_titles(definition: Definition) -> RecommenderDefinition:
    """Leave out the descriptions of songs: nobody reads these lists, and profiling them takes long."""
    assert isinstance(definition, RecommenderDefinition), "songs are recommended"
    described: Any = definition.document["columns"]
    columns = {name: column for name, column in described.items() if name not in definition.roles.describe}
    shortened = parse_definition(definition.model, {**definition.document, "columns": columns}, DEFINITION.name)
    assert isinstance(shortened, RecommenderDefinition), "songs are recommended still"
    return shortened


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
