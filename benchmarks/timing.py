"""Times callables in turn (A B A B …), so that a busy moment of the machine slows all of them."""

from __future__ import annotations

import gc
import time
from statistics import median, quantiles
from typing import TYPE_CHECKING

from benchmarks.result import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from benchmarks.result import Kind

MICROSECONDS = 1e6
MILLISECONDS = 1e3


def in_turn(
    contenders: Mapping[str, Callable[[], object]],
    seconds: float,
    *,
    slice_seconds: float = 0.02,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, list[float]]:
    """Call each in slices of time for `seconds` altogether; return the seconds of every call.

    A slice has many calls, since warm processor caches are part of their cost. Long calls are interrupted on a busy
    machine, so `clock` may count processor time.
    """
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    for call in contenders.values():
        call()
    gc.collect()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for name, call in contenders.items():
            _slice(call, taken[name], slice_seconds, clock)
    return taken


def _slice(call: Callable[[], object], taken: list[float], seconds: float, clock: Callable[[], float]) -> None:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        started = clock()
        call()
        taken.append(clock() - started)


def summarise(name: str, kind: Kind, values: Sequence[float], scale: float = 1.0) -> Row:
    """Summarise figures, multiplied by `scale`."""
    if len(values) < 2:
        return Row(name, kind, values[0] * scale, values[0] * scale, values[0] * scale)
    tenths = quantiles(values, n=10, method="inclusive")
    return Row(name, kind, median(values) * scale, tenths[0] * scale, tenths[-1] * scale)
