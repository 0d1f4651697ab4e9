"""An open-loop generator: requests come when they are due, whether or not those before them were answered.

A client that waits for an answer before it asks again asks less while the service is slow, and so leaves out of its
figures what everybody else would have waited ("coordinated omission": Gil Tene, How NOT to Measure Latency, 2015;
https://github.com/giltene/wrk2). Here the times of arrival are drawn beforehand, and each latency counts from then.
"""

from __future__ import annotations

import math
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable, Iterator, Sequence

WORKERS = 64
"""As many requests can be under way; what comes then waits, and its waiting counts."""


@dataclass(frozen=True, slots=True)
class DueRequest:
    """A request that is to be made, `at` so many seconds from the beginning; `ask` raises when the answer is wrong."""

    at: float
    kind: str
    ask: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Arrival:
    """What became of one: seconds from when it was due to its answer, and what was wrong with that (empty: nothing)."""

    at: float
    kind: str
    seconds: float
    wrong: str = ""


def poisson_times(rate: float, seconds: float, draw: random.Random) -> Iterator[float]:
    """Times of arrival of callers who know nothing of each other, `rate` a second."""
    at = draw.expovariate(rate)
    while at < seconds:
        yield at
        at += draw.expovariate(rate)


def send_when_due(
    requests: Iterable[DueRequest],
    workers: int = WORKERS,
    clock: Callable[[], float] = time.perf_counter,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Arrival]:
    """Make each request when it is due; returns when all are answered, in their order."""
    started = clock()

    def make(request: DueRequest) -> Arrival:
        wrong = ""
        try:
            request.ask()
        except Exception as error:  # noqa: BLE001 - whatever a caller would have seen is an error of the service
            wrong = f"{type(error).__name__}: {error}"[:300]
        return Arrival(request.at, request.kind, clock() - started - request.at, wrong)

    with ThreadPoolExecutor(workers, thread_name_prefix="caller") as callers:
        made = []
        for request in requests:
            early = started + request.at - clock()
            if early > 0:
                sleep(early)
            made.append(callers.submit(make, request))
        return [each.result() for each in made]


def percentile(values: Sequence[float], share: float) -> float:
    """Return the least value that so many of 100 do not exceed (nearest rank): one that was really measured.

    >>> percentile([3.0, 1.0, 2.0, 4.0], 50), percentile([3.0, 1.0, 2.0, 4.0], 99)
    (2.0, 4.0)
    """
    place = math.ceil(share / 100 * len(values)) - 1
    return sorted(values)[max(place, 0)]


def slice_by_time(arrivals: Iterable[Arrival], length: float) -> dict[float, list[float]]:
    """Latencies by when they were due, in slices of so many seconds; keys are the slices' middles."""
    slices: dict[int, list[float]] = {}
    for each in arrivals:
        slices.setdefault(int(each.at // length), []).append(each.seconds)
    return {(place + 0.5) * length: slices[place] for place in sorted(slices)}
