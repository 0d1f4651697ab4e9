"""Cells of seasons: features that follow the hour and the week do not drift, and drift on top of them is found."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.simulation.cell import Bound, Cell
from benchmarks.simulation.drift import find_drifted, refer_to
from refrain.monitoring.windows import Window, drift_state
from refrain.statistics.bins import number_cells
from refrain.training.history import count_blocks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from benchmarks.simulation.cell import Random
    from refrain.arrays import Floats
    from refrain.monitoring.reference import Reference

BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
PER_HOUR = 60
TRAINED_DAYS, WATCHED_DAYS = 60, 14
WEATHER = 0.97
"""The correlation of the weather in neighbouring hours."""
FEATURES = ("daily cycle", "weaker daily cycle", "weekend", "weather", "independent")


def draw_features(random: Random, hours: int) -> dict[str, Floats]:
    """Draw the features of all rows of so many hours."""
    hour = np.repeat(np.arange(hours), PER_HOUR)
    cycle, weekend = np.sin(2 * np.pi * hour / 24), (hour // 24) % 7 >= 5
    weather = np.empty(hours)
    weather[0], steps = random.normal(), random.normal(0, np.sqrt(1 - WEATHER**2), hours)
    for index in range(1, hours):
        weather[index] = WEATHER * weather[index - 1] + steps[index]
    noise = random.normal(size=(len(FEATURES), len(hour)))
    means = [cycle, 0.5 * cycle, 0.8 * weekend, weather[hour], 0.0]
    return {
        name: mean + (0.0 if name == "weather" else 1.0) * noise[index]
        for index, (name, mean) in enumerate(zip(FEATURES, means, strict=True))
    }


def refer_to_weeks(columns: Mapping[str, Floats]) -> list[Reference]:
    """Profile the rows of all features with their hours, as training does."""
    rows = len(next(iter(columns.values())))
    times = np.datetime64(BEGIN.replace(tzinfo=None), "us") + np.arange(rows) * np.timedelta64(3600 // PER_HOUR, "s")
    references = [refer_to(name, values, np.arange(rows)) for name, values in columns.items()]
    return [
        replace(reference, history=count_blocks(times, [number_cells(values, reference.edges)])[0])
        for reference, values in zip(references, columns.values(), strict=True)
    ]


def span_of(start: int, length: int) -> tuple[slice, Window]:
    """Return the rows and the time of a window of so many hours."""
    rows = slice(start * PER_HOUR, (start + length) * PER_HOUR)
    return rows, Window(BEGIN + timedelta(hours=start), BEGIN + timedelta(hours=start + length))


def watch_weeks(length: int, shifted: str, shift: float, random: Random) -> Mapping[str, float]:
    """Train on 60 days, then judge windows of so many hours; a feature may shift after that, in sd of its noise.

    A shift is watched for a day, or for three windows.
    """
    trained, watched = TRAINED_DAYS * 24, max(24, 3 * length) if shifted else WATCHED_DAYS * 24
    hours = trained + watched
    columns = draw_features(random, hours)
    references = refer_to_weeks({name: values[: trained * PER_HOUR] for name, values in columns.items()})
    drifted = []
    for start in range(trained, hours - length + 1, length):
        inside, span = span_of(start, length)
        window = [values[inside] + shift * (name == shifted) for name, values in columns.items()]
        drifted.append(find_drifted(references, window, span))
    alarms = {f"alarms by {name}": sum(name in names for names in drifted) / len(drifted) for name in FEATURES}
    if not shifted:
        return alarms
    found = [shifted in names for names in drifted]
    states = [drift_state(found[:index], 2, 3) for index in range(1, len(found) + 1)]
    return {"found in a window": sum(found) / len(found), "drifted": "drifted" in states}


def cells() -> Iterator[Cell]:
    """All cells of this part; what the weather hides has no bound, and is told in docs/learning.md."""
    for length in (1, 6, 24, 168):
        quiet = tuple(
            Bound(f"alarms by {name}", at_most=0.01) for name in FEATURES if name != "weather" or length < 168
        )
        runs, ci_runs = {1: 12, 168: 10}.get(length, 20), 2 if length == 24 else 0
        name = f"windows of {length} h, nothing shifts"
        yield Cell("seasons", name, partial(watch_weeks, length, "", 0.0), runs, quiet, ci_runs)
    for length in (1, 6, 24):
        for shifted in FEATURES:
            found = () if shifted == "weather" else (Bound("drifted", at_least=0.95),)
            yield _shifted(length, shifted, 0.5, 20, found)
    for length, shift in ((24, 2.0), (24, 4.0), (168, 2.0)):
        yield _shifted(length, "weather", shift, 10, ())


def _shifted(length: int, shifted: str, shift: float, runs: int, bounds: tuple[Bound, ...]) -> Cell:
    name = f"windows of {length} h, {shifted} + {f'{shift:g}'.removeprefix('0')} sd"
    return Cell("seasons", name, partial(watch_weeks, length, shifted, shift), runs, bounds)
