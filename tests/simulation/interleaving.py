"""Runs several movers of a deployment in turns, one storage call at a time, in every order that makes a difference."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from obstore.exceptions import BaseError, GenericError
from obstore.store import MemoryStore

from refrain.aws.storage import PATIENT, Store
from refrain.lake.deployment import Deployment
from refrain.lake.deployment_log import LogEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from refrain.times import Clock

MODEL = "people"
POINTER, LOG = Deployment.key(MODEL), LogEntry.prefix(MODEL)
POINTER_READ = ("get", POINTER)
START = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Killed(BaseException):
    """The process of a mover ends here."""


class Paused(BaseException):
    """Another mover may go on."""


@dataclass(frozen=True)
class Answer:
    """What a store of obstore answers to a read."""

    data: bytes
    meta: Mapping[str, Any]

    def bytes(self) -> bytes:
        """The content, as often as it is asked for."""
        return self.data


class World:
    """A lake, a clock that ticks once a storage call, and the champion after each write of the pointer."""

    def __init__(self, content: Mapping[str, bytes] | None = None, seconds: int = 0) -> None:
        self.memory, self.seconds = MemoryStore(), seconds
        self.moves: list[tuple[datetime, str | None]] = []
        for key, data in (content or {}).items():
            self.memory.put(key, data)

    def now(self) -> datetime:
        """The time by the clock."""
        return START + timedelta(seconds=self.seconds)

    def call(self, verb: str, key: str, options: dict[str, Any]) -> Any:
        """Make a call to the store."""
        self.seconds += 1
        answer = getattr(self.memory, verb)(key, **options)
        if verb == "get":
            return Answer(bytes(answer.bytes()), answer.meta)
        if verb == "list":
            return list(answer)
        if key == POINTER:
            self.moves.append((self.now(), Deployment.from_json(json.loads(options["file"])).champion_version))
        return answer

    def content(self) -> dict[str, bytes]:
        """Everything in the lake."""
        keys = [meta["path"] for page in self.memory.list() for meta in page]
        return {key: bytes(self.memory.get(key).bytes()) for key in keys}


type Call = Callable[[str, str, dict[str, Any]], Any]
type Mover = Callable[[Store, Clock], object]


class WatchedStore(Store):
    """A store whose calls that can matter to another mover go through `call`."""

    def __init__(self, world: World, call: Call | None = None) -> None:
        self.bucket, self._patience = "lake", PATIENT
        self._store: Any = WatchedMemory(world, call or world.call)


@dataclass
class WatchedMemory:
    """The calls of a store of obstore; versions and written entries never change, so reading them does not matter."""

    world: World
    call: Call

    def get(self, key: str) -> Any:
        return self.call("get", key, {}) if key == POINTER else self.world.memory.get(key)

    def put(self, key: str, content: bytes, **options: Any) -> Any:
        return self.call("put", key, {"file": content} | options)

    def head(self, key: str) -> Any:
        return self.world.memory.head(key)

    def list(self, prefix: str) -> Any:
        return self.call("list", prefix, {}) if prefix == LOG else self.world.memory.list(prefix)


@dataclass
class Turn:
    """A mover that makes one call at a time: it runs anew each time, with the answers that it has got already."""

    mover: Mover
    world: World
    result: object = None
    is_ended: bool = False
    next_call: tuple[str, str] = ("", "")
    _answers: list[Any] = field(default_factory=list)
    _allowed: int = -1

    def go_on(self) -> None:
        """Make one more call, except at first, and run up to the next."""
        self._allowed += 1
        self._past, self._left = iter(list(self._answers)), self._allowed
        with suppress(Paused):
            self.result = attempt(self.mover, WatchedStore(self.world, self._call), self._now)
            self.is_ended = True

    def _call(self, verb: str, key: str, options: dict[str, Any]) -> Any:
        """Repeat an answer, make the call whose turn it is, or stop before it."""
        self._left -= 1
        if self._left < 0:
            self.next_call = (verb, key)
            raise Paused
        answer = self._answer(lambda: self.world.call(verb, key, options))
        if isinstance(answer, BaseError):
            raise answer
        return answer

    def _now(self) -> datetime:
        time: datetime = self._answer(self.world.now)
        return time

    def _answer(self, ask: Callable[[], Any]) -> Any:
        """Repeat the next answer, or ask for it."""
        answer = next(self._past, self)
        if answer is self:
            try:
                answer = ask()
            except BaseError as error:
                answer = error
            self._answers.append(answer)
        return answer


def attempt(mover: Mover, store: Store, clock: Clock) -> object:
    """Return what a mover returns or raises."""
    try:
        return mover(store, clock)
    except (Exception, Killed) as error:  # noqa: BLE001 - the test looks at it
        return error


def commute(call: tuple[str, str], other: tuple[str, str]) -> bool:
    """Tell whether two calls of different movers may change places: only one writes, or they write other objects.

    All movers write the same into an entry of the log, so only listing the log is in the way of that.
    """
    calls = {call, other}
    if POINTER in (call[1], other[1]):
        return call[1] != other[1] or calls == {POINTER_READ}
    return {verb for verb, _ in calls} != {"list", "put"}


def every_order(
    content: Mapping[str, bytes], seconds: int, movers: Sequence[Mover]
) -> Iterator[tuple[World, list[object]]]:
    """Run the movers in each order that makes a difference; yield the world and the results of each run.

    Of two orders that differ by neighbouring calls to other objects, only the one by the number of the mover counts.
    """
    choices: list[tuple[int, int]] = []
    while True:
        world = World(content, seconds)
        turns = [Turn(mover, world) for mover in movers]
        for turn in turns:
            turn.go_on()
        step, last, last_call = 0, 0, POINTER_READ
        while waiting := [
            number
            for number, turn in enumerate(turns)
            if not turn.is_ended and (number >= last or not commute(last_call, turn.next_call))
        ]:
            if step == len(choices):
                choices.append((0, len(waiting)))
            last = waiting[choices[step][0]]
            last_call = turns[last].next_call
            turns[last].go_on()
            step += 1
        if all(turn.is_ended for turn in turns):
            yield world, [turn.result for turn in turns]
        while choices and choices[-1][0] + 1 == choices[-1][1]:
            choices.pop()
        if not choices:
            return
        choices[-1] = (choices[-1][0] + 1, choices[-1][1])


@dataclass(frozen=True)
class Fault:
    """What happens at a call: the process is killed, or S3 fails, before or after the call is done."""

    call: int
    is_done: bool
    error: BaseException

    def __str__(self) -> str:
        return f"{type(self.error).__name__} {'after' if self.is_done else 'at'} call {self.call}"


def every_fault(calls: int) -> Iterator[Fault]:
    """List the faults of a mover that makes so many calls."""
    for call in range(1, calls + 1):
        for is_done in (False, True):
            yield Fault(call, is_done, Killed())
            yield Fault(call, is_done, GenericError("S3 fails"))


def with_fault(world: World, mover: Mover, fault: Fault | None) -> tuple[object, int]:
    """Run a mover that meets a fault; return its result and the number of its calls."""
    calls = 0

    def call(verb: str, key: str, options: dict[str, Any]) -> Any:
        nonlocal calls
        calls += 1
        if fault and calls == fault.call:
            if fault.is_done:
                with suppress(BaseError):
                    world.call(verb, key, options)
            raise fault.error
        return world.call(verb, key, options)

    return attempt(mover, WatchedStore(world, call), world.now), calls
