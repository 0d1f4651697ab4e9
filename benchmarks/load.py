"""The local cloud under an open-loop load, while models are trained, promoted, rolled back and loaded again.

`make bench ONLY=load LOAD=10` takes so many minutes (ten by default), and one more to start.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from benchmarks.arrivals import percentile, send_when_due, slice_by_time
from benchmarks.process_memory import MemoryWatch
from benchmarks.result import Group, Line, Part, Row
from benchmarks.service import BOLD, MIX, Service, Unexpected, running_service
from benchmarks.timing import MILLISECONDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from benchmarks.arrivals import Arrival

TITLE = "Under load"
SHARE = 0.15
"""The rate of the load, as a share of the rate that eight clients reach."""

QUIET = 4.0
"""Requests a second in the quiet run."""

QUIET_SECONDS = 30.0
CLIENTS = 8
SLICE = 5.0
"""Seconds for each point of the drawing."""

PREDICTIONS = ("predict income", "predict flats", "infer (V2)")
WATCHED = ("inference", "ingest")
"""The functions that work all the time; the others get a few calls, always in the same process."""


def measure() -> Part:
    """Measure the capacity of the machine, then what callers see in a quiet run and under load."""
    seconds = 60 * float(os.environ.get("LOAD") or 10)
    with running_service() as service:
        capacity = _capacity(service, 10.0)
        quiet = send_when_due(service.requests(QUIET, QUIET_SECONDS))
        requests = service.requests(capacity * SHARE, seconds)
        with MemoryWatch(service.cloud.process.pid) as memory, Moves(service, seconds) as moves:
            loaded = send_when_due(requests)
        lost = service.missing()
    memory_groups = tuple(_memory(name, memory.largest(name), seconds) for name in WATCHED)
    groups = (_predictions(quiet, loaded), _kinds(quiet, loaded), _errors(loaded, moves, lost), *memory_groups)
    lines = (_latency(loaded, moves.done), _resident(memory, seconds, moves.done))
    return Part("load", TITLE, groups, lines, notes=tuple(_notes(loaded, capacity, seconds, service)))


@dataclass
class Moves:
    """Moves the income model during the load, each at its share of the time; `done` has the seconds of each move."""

    service: Service
    seconds: float
    done: list[tuple[float, str]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def __enter__(self) -> Moves:
        """Start."""
        self._thread = threading.Thread(target=self._run_all)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Wait for the last move."""
        self._thread.join()

    def _run_all(self) -> None:
        started = time.perf_counter()
        for share, name, move in (
            (0.1, "promoted", self._promote),
            (0.3, "taken back", self._take_back),
            (0.5, "put back", self._put_back),
            (0.7, "taken back", self._take_back),
            (0.85, "put back", self._put_back),
        ):
            time.sleep(max(started + share * self.seconds - time.perf_counter(), 0))
            if name == "promoted":
                self.done.append((time.perf_counter() - started, "training"))
            try:
                self._wait_for_answers_of(move())
            except Unexpected as error:
                self.wrong.append(f"{name}: {error}")
            self.done.append((time.perf_counter() - started, name))

    def _take_back(self) -> str:
        return self.service.run(action="rollback")

    def _put_back(self) -> str:
        return self.service.run(action="rollback", version=self._promoted)

    def _promote(self) -> str:
        self.service.define(BOLD)
        self._promoted = self.service.run(reason="load")
        return self._promoted

    def _wait_for_answers_of(self, champion: str) -> None:
        """Wait until a version answers the callers, which must happen within seconds."""
        end = time.monotonic() + 10
        while champion not in self.service.versions[-3:]:
            if time.monotonic() > end:
                raise Unexpected(f"{champion} is the champion, but does not answer")
            time.sleep(0.05)


def _capacity(service: Service, seconds: float) -> float:
    """Return the answers a second that clients get when each waits for its answer."""
    end = time.perf_counter() + seconds
    kinds = random.Random(7).choices(list(MIX), list(MIX.values()), k=1000)

    def client(number: int) -> int:
        count = 0
        while time.perf_counter() < end:
            service.make_request(kinds[(number * 100 + count) % len(kinds)])()
            count += 1
        return count

    with ThreadPoolExecutor(CLIENTS) as clients:
        return sum(clients.map(client, range(CLIENTS))) / seconds


def _predictions(quiet: Sequence[Arrival], loaded: Sequence[Arrival]) -> Group:
    before, after = (_milliseconds(arrivals, PREDICTIONS) for arrivals in (quiet, loaded))
    rows = [Row("quiet run, median", "floor", *[percentile(before, 50)] * 3)]
    rows += [Row(f"under load, {name}", "ours", *[percentile(after, share)] * 3) for name, share in SHARES.items()]
    return Group("predictions, from when they were due", "ms", tuple(rows), rows[0].name, "p99 ≤ 3 × the quiet median")


SHARES = {"median": 50, "p90": 90, "p99": 99, "slowest": 100}


def _kinds(quiet: Sequence[Arrival], loaded: Sequence[Arrival]) -> Group:
    rows = []
    for kind in MIX:
        before, after = (_milliseconds(arrivals, [kind]) for arrivals in (quiet, loaded))
        if before and after:
            value = percentile(after, 99) / percentile(before, 50)
            rows.append(Row(kind, "ours", value, value, value))
    return Group("p99 of each kind", "× its quiet median", tuple(rows), goal="≤ 3")


def _errors(loaded: Sequence[Arrival], moves: Moves, lost: Sequence[str]) -> Group:
    wrong = [arrival.wrong for arrival in loaded if arrival.wrong] + moves.wrong
    for sentence, count in Counter(wrong).most_common(10):
        print(f"  {count} × {sentence}")
    rows = (
        Row("answers that nobody expects, of requests and of moves", "ours", *[float(len(wrong))] * 3),
        Row("uploads without a receipt of all their rows", "ours", *[float(len(lost))] * 3),
    )
    return Group("errors", "", rows, goal="none")


def _memory(name: str, seen: Sequence[tuple[float, float]], seconds: float) -> Group:
    """Compare the largest process of a function after the first promotion with that at the end."""
    early, late = (
        [megabytes for at, megabytes in seen if low * seconds <= at <= high * seconds]
        for low, high in ((0.2, 0.3), (0.9, 1.0))
    )
    rows = (
        Row(
            "third tenth of the time, after the first promotion", "floor", percentile(early, 50), min(early), max(early)
        ),
        Row("last tenth", "ours", percentile(late, 50), min(late), max(late)),
    )
    return Group(f"memory of the largest process of {name}", "MB", rows, rows[0].name, "no growth")


def _latency(loaded: Sequence[Arrival], moves: Sequence[tuple[float, str]]) -> Line:
    slices = slice_by_time([arrival for arrival in loaded if arrival.kind in PREDICTIONS], SLICE)
    lines = {
        name: tuple(percentile(taken, share) * MILLISECONDS for taken in slices.values())
        for name, share in (("p99", 99), ("median", 50))
    }
    why = (
        f"Each point is {SLICE:g} seconds of predictions. The first caller after a move waits while the version is "
        "loaded. Training shares this machine's processors; on AWS it does not."
    )
    x = tuple(at / 60 for at in slices)
    return Line("Predictions under load", "minutes", "ms", x, lines, why, course=True, marks=_in_minutes(moves))


def _resident(memory: MemoryWatch, seconds: float, moves: Sequence[tuple[float, str]]) -> Line:
    step = max(seconds / 120, memory.pause * 2)
    times = [step * (index + 0.5) for index in range(int(seconds // step))]
    lines = {}
    for name in WATCHED:
        seen = memory.largest(name)
        lines[name] = tuple(min(seen, key=lambda sample: abs(sample[0] - at))[1] for at in times)
    why = (
        "The largest process of each function. While a version is loaded the process holds two of the model; the "
        "memory of the old one is used again for the next."
    )
    x = tuple(at / 60 for at in times)
    return Line("Memory under load", "minutes", "MB", x, lines, why, True, True, _in_minutes(moves))


def _in_minutes(moves: Iterable[tuple[float, str]]) -> tuple[tuple[float, str], ...]:
    return tuple((at / 60, name) for at, name in moves)


def _notes(loaded: Sequence[Arrival], capacity: float, seconds: float, service: Service) -> Iterable[str]:
    rate = len(loaded) / seconds
    mix: Mapping[str, int] = Counter(arrival.kind for arrival in loaded)
    kinds = ", ".join(f"{kind} {count:,}" for kind, count in mix.items())
    yield (
        f"{len(loaded):,} requests in {seconds / 60:g} minutes ({kinds}), {rate:.0f} a second by a Poisson process: "
        f"{SHARE:.0%} of the {capacity:.0f} a second that {CLIENTS} waiting clients reach. Caller, gateway, S3, queues "
        "and all functions share the processors of one machine."
    )
    yield (
        "Latency counts from the due time of a request, so that waiting behind a slow one is included "
        "([Tene, wrk2](https://github.com/giltene/wrk2))."
    )
    versions = Counter(service.versions).most_common()
    yield "Income was answered by " + ", ".join(f"{version} ({count:,})" for version, count in versions) + "."


def _milliseconds(arrivals: Iterable[Arrival], kinds: Iterable[str]) -> list[float]:
    wanted = set(kinds)
    return [arrival.seconds * MILLISECONDS for arrival in arrivals if arrival.kind in wanted]
