"""Whoever moves a deployment at the same time, and whatever fails: pointer, log and history tell one story."""

from __future__ import annotations

import time
from concurrent import futures
from datetime import timedelta
from functools import partial
from itertools import combinations_with_replacement, pairwise
from types import SimpleNamespace
from typing import TYPE_CHECKING, Self

import pytest
from obstore.exceptions import GenericError

from preprocessing import Rollout, parse_definition
from refrain.deployment import rollback
from refrain.errors import ChallengerChanged, ChampionChanged, InvalidRequest, OutdatedRollback, StorageUnavailable
from refrain.lake.deployment import Deployment, Served
from refrain.lake.deployment_log import CHAMPION_EVENTS, state_after
from refrain.lake.deployment_moves import remove_challenger, set_challenger, set_champion
from refrain.serving.http.deployment_history import served_at
from refrain.times import from_iso, to_iso
from tests.simulation.interleaving import (
    MODEL,
    START,
    Fault,
    Killed,
    Mover,
    WatchedStore,
    World,
    every_fault,
    every_order,
    with_fault,
)
from tests.stored import make_manifest

if TYPE_CHECKING:
    from datetime import datetime

    from refrain.aws.storage import Store
    from refrain.lake.deployment_log import DeploymentLog, LogEntry
    from refrain.times import Clock

CANARY = Rollout("canary", most_minutes=60)
REFUSALS = (ChampionChanged, ChallengerChanged, OutdatedRollback, InvalidRequest)
SETUP_SECONDS = 100
DEFINITION = {
    "task": "regression",
    "target": "price",
    "columns": {"price": {"type": "number"}, "area": {"type": "number"}},
    "training": {"candidates": [{"name": "linear", "estimator": "sklearn.linear_model.LinearRegression"}]},
}


def promote(version: str, expected: str | None, store: Store, clock: Clock, **options: bool) -> object:
    reasons = {"by": f"promote {version}"}
    return set_champion(store, MODEL, version, expected=expected, reasons=reasons, clock=clock, **options)


def refresh(version: str, expected: str, store: Store, clock: Clock) -> object:
    reasons = {"by": f"refresh {version}"}
    return set_champion(store, MODEL, version, expected=expected, reasons=reasons, refresh=True, clock=clock)


def start_trial(version: str, expected: str, store: Store, clock: Clock) -> object:
    reasons = {"by": f"start_trial {version}"}
    return set_challenger(store, MODEL, version, CANARY, expected=expected, reasons=reasons, clock=clock)


def dismiss(version: str, digest: str | None, store: Store, clock: Clock) -> object:
    reasons = {"by": f"dismiss {version}"}
    return remove_challenger(store, MODEL, version, reasons=reasons, withdrawn_digest=digest, clock=clock)


def roll_back(execution: str, seconds: int, store: Store, clock: Clock) -> object:
    asked_at = to_iso(START + timedelta(seconds=seconds), "milliseconds")
    request = rollback.RollbackRequest(MODEL, "rollback", None, "complaints", execution, asked_at)
    return rollback.roll_back(store, request, clock)


def read_history(store: Store, _clock: Clock) -> object:
    return Deployment.read(store, MODEL).log(store).entries()


MOVERS: dict[str, tuple[str, Mover]] = {
    "promote": ("promote d", partial(promote, "d", "c")),
    "promote another": ("promote e", partial(promote, "e", "c")),
    "refresh": ("refresh f", partial(refresh, "f", "c")),
    "promote the challenger": ("promote x", partial(promote, "x", "c", on_trial=True)),
    "start a trial": ("start_trial y", partial(start_trial, "y", "c")),
    "dismiss": ("dismiss x", partial(dismiss, "x", None)),
    "withdraw": ("dismiss x", partial(dismiss, "x", "digest x")),
    "roll back": ("rollback one", partial(roll_back, "one", SETUP_SECONDS)),
    "roll back too": ("rollback two", partial(roll_back, "two", SETUP_SECONDS)),
    "roll back later": ("rollback three", partial(roll_back, "three", 10 * SETUP_SECONDS)),
}
"""The author in the log, and the move."""


@pytest.fixture(scope="module")
def content() -> dict[str, bytes]:
    """Three champions, one after the other, and a version on trial."""
    world = World()
    store = WatchedStore(world)
    definition = parse_definition(MODEL, DEFINITION, "people.toml")
    for version in "abcdefxy":
        make_manifest(definition, version).write(store, MODEL, version)
    for version, before in (("a", None), ("b", "a"), ("c", "b")):
        promote(version, before, store, world.now)
    start_trial("x", "c", store, world.now)
    assert world.seconds < SETUP_SECONDS
    return world.content()


class OneAfterTheOther:
    """Readers that are no threads."""

    map = staticmethod(map)

    def __init__(self, readers: int) -> None:
        """Take the number of readers."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Wait for nothing."""


@pytest.fixture(autouse=True)
def no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Versions pass their proof, and nobody waits."""
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    monkeypatch.setattr(futures, "ThreadPoolExecutor", OneAfterTheOther)
    definition = SimpleNamespace(training=SimpleNamespace(metric="roc_auc"))
    proved = SimpleNamespace(model=SimpleNamespace(definition=definition))
    monkeypatch.setattr(rollback, "load_version", lambda *_: proved)


def check_story(world: World) -> list[LogEntry]:
    """Hold pointer, log and history against each other and against what happened."""
    pointer = Deployment.read(WatchedStore(world), MODEL)
    log = pointer.log(WatchedStore(world))
    entries = log.entries()
    assert [entry.sequence for entry in entries] == list(range(1, pointer.sequence + 1))
    assert all(before.time < after.time for before, after in pairwise(entries))
    champion, challenger = state_after(reversed(entries))
    assert champion
    assert pointer.champion == Served.by_move(champion)
    assert (challenger and challenger.version) == pointer.challenger_version
    assert not any(pointer.withdrew(served.version) for served in (pointer.champion, pointer.previous) if served)
    check_history(log, entries, world.moves)
    check_order(entries)
    return entries


def check_history(log: DeploymentLog, entries: list[LogEntry], moves: list[tuple[datetime, str | None]]) -> None:
    """The history names what was in service, from each write of the pointer until the next move was decided."""
    ends = [from_iso(entry.time) for entry in entries[len(entries) - len(moves) + 1 :]]
    for (start, version), end in zip(moves, [*ends, START + timedelta(hours=1)], strict=False):
        for at in (start, end - timedelta(milliseconds=1)):
            assert served_at(log, at)["model_version"] == version


def check_order(entries: list[LogEntry]) -> None:
    """No rollback takes out a champion that its author cannot have seen, or brings back a withdrawn version."""
    since: dict[str | None, str] = {}
    withdrawn: set[str | None] = set()
    for entry in entries:
        if entry.event == "rolled_back":
            assert since[entry.instead_of] <= str(entry.asked_at)
            withdrawn.add(entry.instead_of)
        if entry.event in CHAMPION_EVENTS:
            assert entry.version not in withdrawn
            since[entry.version] = entry.time


def made_by(author: str, entries: list[LogEntry]) -> int:
    return sum(entry.by == author for entry in entries)


AT_ONCE = [*combinations_with_replacement(MOVERS, 2), ("dismiss", "start a trial", "promote another")]


@pytest.mark.parametrize("names", AT_ONCE, ids=" and ".join)
def test_moves_at_once_are_in_the_log_as_they_came(content: dict[str, bytes], names: tuple[str, ...]) -> None:
    for world, results in every_order(content, SETUP_SECONDS, [MOVERS[name][1] for name in names]):
        entries = check_story(world)
        assert len(world.content()) == len(content) + len(entries) - 4, "the log is complete"
        for name, result in zip(names, results, strict=True):
            is_refused = isinstance(result, REFUSALS)
            assert is_refused or not isinstance(result, BaseException), result
            moves = made_by(MOVERS[name][0], entries)
            assert moves <= 1
            if name not in ("dismiss", "withdraw"):
                assert is_refused == (moves == 0)


@pytest.mark.parametrize("name", MOVERS)
def test_a_reader_sees_all_moves_up_to_one(content: dict[str, bytes], name: str) -> None:
    for world, (seen, _) in every_order(content, SETUP_SECONDS, [read_history, MOVERS[name][1]]):
        assert isinstance(seen, list), seen
        assert len(seen) >= 4
        assert seen == check_story(world)[: len(seen)]


@pytest.mark.parametrize("then", ["", "promote another", "dismiss", "roll back too", "roll back later"])
@pytest.mark.parametrize("name", MOVERS)
def test_after_any_fault_the_next_reader_and_the_next_move_see_one_story(
    content: dict[str, bytes], name: str, then: str
) -> None:
    author, mover = MOVERS[name]
    _, calls = with_fault(World(content, SETUP_SECONDS), mover, None)
    for fault in every_fault(calls):
        world = World(content, SETUP_SECONDS)
        result, _ = with_fault(world, mover, fault)
        assert isinstance(result, (Killed, StorageUnavailable)) or fault.call == calls, fault
        seen = check_story(world)
        is_made = made_by(author, seen) == 1

        if then:
            with_fault(world, MOVERS[then][1], None)
        again, _ = with_fault(world, mover, None)

        entries = check_story(world)
        assert entries[: len(seen)] == seen, fault
        assert made_by(author, entries) <= 1, fault
        assert len(world.content()) == len(content) + len(entries) - 4, f"{fault}: the log is complete"
        assert isinstance(again, REFUSALS) or not isinstance(again, BaseException), fault
        if is_made and (not then or name.startswith("roll back")):
            assert not isinstance(again, BaseException), fault


def test_the_move_is_made_where_only_its_log_entry_fails(
    content: dict[str, bytes], caplog: pytest.LogCaptureFixture
) -> None:
    world = World(content, SETUP_SECONDS)
    _, mover = MOVERS["promote"]

    result, calls = with_fault(world, mover, Fault(4, is_done=False, error=GenericError("S3 fails")))

    assert (calls, isinstance(result, Deployment)) == (4, True)
    assert "log entry left to the next move" in caplog.text
    assert not any(key.endswith("-d.json") for key in world.content())
    assert check_story(world)[-1].version == "d"
