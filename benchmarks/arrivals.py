"""An open-loop load generator: requests are sent when they are due, even if earlier ones are not answered yet.

A client that waits for each answer sends fewer requests while the service is slow, so its figures leave out the
waiting ("coordinated omission": Gil Tene, How NOT to Measure Latency, 2015; https://github.com/giltene/wrk2). Here the
due times are drawn beforehand, and latencies count from them.
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
"""The limit of concurrent requests; later ones wait, and their waiting counts."""


@dataclass(frozen=True, slots=True)
class DueRequest:
    """A request that is due `at` so many seconds after the start; `ask` raises when the answer is wrong."""

    at: float
    kind: str
    ask: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Arrival:
    """The result of a request: seconds from its due time to its answer, and the error (empty: none)."""

    at: float
    kind: str
    seconds: float
    wrong: str = ""


def poisson_times(rate: float, seconds: float, draw: random.Random) -> Iterator[float]:
    """Draw the arrival times of independent callers, `rate` a second."""
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
    """Send each request when it is due; return the results in order when all are answered."""
    started = clock()

    def send(request: DueRequest) -> Arrival:
        wrong = ""
        try:
            request.ask()
        except Exception as error:  # noqa: BLE001 - any error that a caller sees counts
            wrong = f"{type(error).__name__}: {error}"[:300]
        return Arrival(request.at, request.kind, clock() - started - request.at, wrong)

    with ThreadPoolExecutor(workers, thread_name_prefix="caller") as callers:
        futures = []
        for request in requests:
            early = started + request.at - clock()
            if early > 0:
                sleep(early)
            futures.append(callers.submit(send, request))
        return [future.result() for future in futures]


def percentile(values: Sequence[float], share: float) -> float:
    """Return the least measured value that so many of 100 do not exceed (nearest rank).

    >>> percentile([3.0, 1.0, 2.0, 4.0], 50), percentile([3.0, 1.0, 2.0, 4.0], 99)
    (2.0, 4.0)
    """
    index = math.ceil(share / 100 * len(values)) - 1
    return sorted(values)[max(index, 0)]


def slice_by_time(arrivals: Iterable[Arrival], length: float) -> dict[float, list[float]]:
    """Group latencies by due time into slices of so many seconds; the keys are the middles of the slices."""
    slices: dict[int, list[float]] = {}
    for arrival in arrivals:
        slices.setdefault(int(arrival.at // length), []).append(arrival.seconds)
    return {(index + 0.5) * length: slices[index] for index in sorted(slices)}
