"""A request through the local Lambda emulator, beside a hello-world function, by one client and by eight."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from benchmarks import income_model
from benchmarks.built_functions import built_functions
from benchmarks.result import Group, Part
from benchmarks.timing import MILLISECONDS, in_turn, summarise
from local.pool import Pool

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.result import Kind

TITLE = "One request through the Lambda emulator"
GRAPH = "the graph on a ready matrix, and a printed line"
KINDS: Mapping[str, Kind] = {"hello-world": "floor", GRAPH: "floor", "Refrain": "ours"}
NOTES = (
    "The second floor only runs the same graph and prints as many bytes as Refrain captures. Other processes use the "
    "caches between two calls, so the graph takes several times as long as in a loop.",
)
SECONDS = 15.0
CLIENTS = 8
ROUNDS = 8
ROUND_SECONDS = 1.0


def measure() -> Part:
    """Call the functions in turn."""
    event = json.dumps(next(income_model.predict_events(1))).encode()
    with built_functions() as built:
        functions = {"hello-world": built.hello, GRAPH: built.graph, "Refrain": built.inference}
        pools = {name: Pool(function, built.logs) for name, function in functions.items()}
        try:
            calls = {name: partial(pool.call, event) for name, pool in pools.items()}
            return Part("emulator", TITLE, (_one(calls), _eight(calls)), notes=NOTES)
        finally:
            for pool in pools.values():
                pool.close()


def _one(calls: Mapping[str, Callable[[], object]]) -> Group:
    taken = in_turn(calls, SECONDS, slice_seconds=0.1)
    rows = tuple(summarise(name, KINDS[name], seconds, MILLISECONDS) for name, seconds in taken.items())
    return Group("one client, one instance of 14 columns", "ms", rows, "hello-world", "≤ 1.15 × hello-world")


def _eight(calls: Mapping[str, Callable[[], object]]) -> Group:
    rows = tuple(summarise(name, KINDS[name], rates) for name, rates in measure_rates(calls).items())
    return Group(f"{CLIENTS} clients", "requests a second", rows, "hello-world", more_is_better=True)


def measure_rates(calls: Mapping[str, Callable[[], object]]) -> dict[str, list[float]]:
    """Count the answers a second that eight clients get, in rounds."""
    rates: dict[str, list[float]] = {name: [] for name in calls}
    with ThreadPoolExecutor(CLIENTS) as clients:
        for call in calls.values():  # start all processes first
            list(clients.map(_answered, [call] * CLIENTS, [time.perf_counter() + 1] * CLIENTS))
        for _ in range(ROUNDS):
            for name, call in calls.items():
                end = time.perf_counter() + ROUND_SECONDS
                rates[name].append(sum(clients.map(_answered, [call] * CLIENTS, [end] * CLIENTS)) / ROUND_SECONDS)
    return rates


def _answered(call: Callable[[], object], end: float) -> int:
    count = 0
    while time.perf_counter() < end:
        call()
        count += 1
    return count
