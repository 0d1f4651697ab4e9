"""When a model is retrained, and which songs it would have offered then: the product's own training and serving.

A version is made by `refrain.training.recommendation` of all plays before its moment (less the holdout, as in every
run), loaded as `refrain.model.recommendation` and asked with what the listener had heard until then, as the
listening table has it. There is no gate in here: each new version serves.
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

from local.demo.repertoire import DAY, HOUR
from preprocessing import RecommenderDefinition, load_definition, parse_definition
from refrain.lake.version import TrainingRows
from refrain.model.recommendation import RecommenderModel
from refrain.recommendation.recommendation_request import RecommendationRequest
from refrain.snapshot.split import split
from refrain.training.recommendation import train_recommender

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from local.demo.streaming import Service
    from preprocessing import Definition

DEFINITION = Path(__file__).parents[2] / "layers" / "models" / "songs.toml"
POPULARITY = "popularity"
"""The first other candidate of the definition is retrained; it is to be quick, since that is hundreds of times."""
OFFERED = 10
WORKERS = 2


@dataclass(frozen=True)
class Policy:
    """A model that is trained anew every so often (None: never); `popular` offers everybody the most popular songs."""

    name: str
    every: np.timedelta64 | None
    popular: bool = False

    def trained_at(self, start: np.datetime64, moment: np.datetime64) -> np.datetime64:
        """Say when the version that serves at a moment was trained."""
        if self.every is None:
            return start
        return start + (moment - start) // self.every * self.every


POLICIES = (
    Policy("hourly", HOUR),
    Policy("weekly", 7 * DAY),
    Policy("once", None),
    Policy(POPULARITY, HOUR, popular=True),
)


@dataclass(frozen=True)
class Offered:
    """One watched day: of each first-time play, whether each policy had offered that song before the session.

    `plays` are places in the service's plays, `taken` is [plays, policies], `trained` has the moments at which the
    versions of each policy were trained.
    """

    day: int
    plays: NDArray[np.int64]
    taken: NDArray[np.bool_]
    trained: tuple[frozenset[np.datetime64], ...]


class Watch:
    """A service seen day by day; days do not depend on each other, so they may be seen in any order."""

    def __init__(self, service: Service, policies: Sequence[Policy] = POLICIES) -> None:
        self._service = service
        self._policies = policies
        self._trainer = Trainer(service)
        order = np.argsort(service.listener, kind="stable")
        places = np.searchsorted(service.listener[order], np.arange(service.plan.listeners + 1))
        self._of_listener = [order[since:until] for since, until in pairwise(places.tolist())]

    def day(self, day: int) -> Offered:
        """Ask each policy before each session of a day, with the version that serves in that hour."""
        service = self._service
        plays: list[int] = []
        taken: list[list[bool]] = []
        trained: list[set[np.datetime64]] = [set() for _ in self._policies]
        for hour, sessions in self._hours(day):
            openings = [sitting[0] for sitting in sessions]
            heard = [self.heard(int(service.listener[at]), service.time[at]) for at in openings]
            offers = []
            for policy, moments in zip(self._policies, trained, strict=True):
                moment = policy.trained_at(service.plan.start, hour)
                moments.add(moment)
                offers.append(offer(self._trainer.version(moment), heard, popular=policy.popular))
            for place, sitting in enumerate(sessions):
                fresh = [play for play in sitting if service.fresh[play]]
                plays += fresh
                ids = service.songs.ids[service.song[fresh]].tolist()
                taken += [[song in lists[place] for lists in offers] for song in ids]
        shape = (len(plays), len(self._policies))
        return Offered(day, np.array(plays, np.int64), np.array(taken, bool).reshape(shape), _frozen(trained))

    def heard(self, listener: int, moment: np.datetime64) -> tuple[str, ...]:
        """What a listener had heard before a moment, the newest last."""
        plays = self._of_listener[listener]
        known = plays[: np.searchsorted(self._service.time[plays], moment, side="left")]
        return tuple(self._service.songs.ids[self._service.song[known]].tolist())

    def _hours(self, day: int) -> Iterator[tuple[np.datetime64, list[list[int]]]]:
        """Yield each hour of a day in which sessions begin, with the plays of each of these."""
        service = self._service
        places = np.flatnonzero((service.session // service.plan.listeners) == day)
        sittings: dict[int, list[int]] = {}
        for play in places.tolist():
            sittings.setdefault(int(service.session[play]), []).append(play)
        for hour, sessions in groupby(sittings.values(), key=lambda sitting: _whole_hour(service.time[sitting[0]])):
            yield hour, list(sessions)


def offer(version: RecommenderModel, heard: Sequence[tuple[str, ...]], *, popular: bool) -> list[set[str]]:
    """Ask a version for ten songs for each history, as the API does.

    Popular songs are what it offers to somebody of whom nothing is known; here without those that were heard.
    """
    asked = [
        RecommendationRequest(
            None, () if popular else history, OFFERED, history if popular else (), exclude_seen=True, within=()
        )
        for history in heard
    ]
    return [{version.catalogue.items[code] for code in found.items} for found in version.recommend(asked)]


class Trainer:
    """Makes versions of what was known at a moment, and keeps the last few."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._columns = service.columns(0, len(service.song))
        self._definition = _without_titles(load_definition(DEFINITION))
        self._candidate = next(each for each in self._definition.training.candidates if each.name != POPULARITY)
        self.version = lru_cache(maxsize=4)(self._version)

    def rows(self, moment: np.datetime64) -> dict[str, NDArray[Any]]:
        """Give all that is known at a moment: the plays before it."""
        until = self._service.until(moment)
        return {name: self._columns[name][:until] for name in self._definition.columns}

    def _version(self, moment: np.datetime64) -> RecommenderModel:
        rows = self.rows(moment)
        held = split(self._definition, rows).holdout
        training, holdout = ({name: column[side] for name, column in rows.items()} for side in (~held, held))
        with threadpool_limits(1):  # the matrices are small: more threads would wait for each other
            trained = train_recommender(self._definition, self._candidate, training, holdout, {})
        learned = TrainingRows(str(moment), int((~held).sum()), int(held.sum()))
        files = trained.version_files(self._definition, self._candidate, str(moment), learned, 0.0)
        assert files.catalogue is not None, "a recommender has a catalogue"
        return RecommenderModel.load(files.manifest, files.model, files.catalogue)


def _whole_hour(moment: np.datetime64) -> np.datetime64:
    return np.datetime64(np.datetime64(moment, "h"), "us")


def _without_titles(definition: Definition) -> RecommenderDefinition:
    """Leave out what describes songs: nobody reads these lists, and monitoring's profile of them takes long."""
    assert isinstance(definition, RecommenderDefinition), "songs are recommended"
    described: Any = definition.document["columns"]
    columns = {name: column for name, column in described.items() if name not in definition.roles.describe}
    shortened = parse_definition(definition.model, {**definition.document, "columns": columns}, DEFINITION.name)
    assert isinstance(shortened, RecommenderDefinition), "songs are recommended still"
    return shortened


def follow(service: Service, policies: Sequence[Policy] = POLICIES) -> Iterator[Offered]:
    """Yield what came of each watched day, in order; days are shared out to processes of their own."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(WORKERS, spawn, _begin, (service, tuple(policies))) as pool:
        yield from pool.map(_day, range(service.plan.watched))


_watch: Watch | None = None


def _begin(service: Service, policies: tuple[Policy, ...]) -> None:
    global _watch
    _watch = Watch(service, policies)


def _day(day: int) -> Offered:
    assert _watch is not None, "a process begins with a watch"
    return _watch.day(day)


def _frozen(trained: list[set[np.datetime64]]) -> tuple[frozenset[np.datetime64], ...]:
    return tuple(frozenset(each) for each in trained)
