"""A request to Refrain and to the servers that people use for scikit-learn models, by one client and by eight."""

from __future__ import annotations

import json
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from benchmarks import income_model
from benchmarks.built_functions import built_functions
from benchmarks.emulator import CLIENTS, measure_rates
from benchmarks.pandas_function import TITLE as USUAL
from benchmarks.pandas_function import pandas_functions
from benchmarks.peer_servers import prepare_servers
from benchmarks.result import Group, Part
from benchmarks.server_process import Server
from benchmarks.timing import MILLISECONDS, in_turn, summarise
from local.pool import Pool

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from benchmarks.result import Kind, Row

TITLE = "One request, beside the servers people use"
SECONDS = 25.0
NOTES = (
    "One instance of 14 columns and the same logistic regression for all. The Lambda emulator calls Refrain, "
    "hello-world and the pandas + scikit-learn handler with the event of API Gateway. The servers are called by HTTP "
    "on the loopback interface over open connections. Neither way has a network or TLS. Each contender is one process "
    "for all eight clients; Lambda would start more, and people run more workers.",
    "Refrain validates, checks familiarity and captures; the others only answer with probabilities. The first answer "
    "of each server is compared with that of the pipeline.",
)


def measure() -> Part:
    """Call all in turn."""
    with built_functions() as built, ExitStack() as running:
        servers, skipped = prepare_servers()
        usual, none = pandas_functions(built)
        functions = {"hello-world": built.hello, "Refrain": built.inference}
        functions |= {name: function for name, function in usual.items() if name == USUAL}
        calls: dict[str, Callable[[], object]] = {}
        event = json.dumps(next(income_model.predict_events(1))).encode()
        for name, function in functions.items():
            pool = Pool(function, built.logs, max_processes=1)
            running.callback(pool.close)
            calls[name] = partial(_call_pool, pool, event)
        for peer, folders in servers:
            server = Server(peer, folders)
            running.callback(server.stop)
            calls[peer.title] = server.call
        return Part("servers", TITLE, (_one(calls), _eight(calls)), skipped=skipped + none, notes=NOTES)


def _call_pool(pool: Pool, event: bytes) -> None:
    answer = pool.call(event)
    if answer.failed:
        raise RuntimeError(answer.payload.decode()[:500])


def _one(calls: Mapping[str, Callable[[], object]]) -> Group:
    taken = in_turn(calls, SECONDS, slice_seconds=0.1)
    return Group("one client", "ms", _rows(taken, MILLISECONDS), "hello-world")


def _eight(calls: Mapping[str, Callable[[], object]]) -> Group:
    rows = _rows(measure_rates(calls), 1.0)
    return Group(f"{CLIENTS} clients", "requests a second", rows, "hello-world", more_is_better=True)


def _rows(taken: Mapping[str, Sequence[float]], scale: float) -> tuple[Row, ...]:
    kinds: dict[str, Kind] = {"hello-world": "floor", "Refrain": "ours"}
    return tuple(summarise(name, kinds.get(name, "peer"), values, scale) for name, values in taken.items())
