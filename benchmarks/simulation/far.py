"""Cells of wandering features: hours that follow each other are no drift, and what lies far beyond training is one.

Only the rule for far values is judged here: the tests of shifts see hardly anything in such features.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.simulation.cell import Bound, Cell
from benchmarks.simulation.seasons import PER_HOUR, TRAINED_DAYS, WATCHED_DAYS, refer_to_weeks, span_of
from refrain.monitoring.far_values import far_share

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from benchmarks.simulation.cell import Random
    from refrain.arrays import Floats


def _correlate(correlation: float, steps: Floats) -> Floats:
    level, levels = float(steps[0]), []
    for step in steps * np.sqrt(1 - correlation**2):
        level = correlation * level + float(step)
        levels.append(level)
    return np.array(levels)


WANDERING: dict[str, Callable[[Floats], Floats]] = {
    "a random walk": np.cumsum,
    "correlation .97": partial(_correlate, 0.97),
    "correlation .99": partial(_correlate, 0.99),
    "correlation .999": partial(_correlate, 0.999),
    "a trend": lambda steps: np.linspace(0, 10, len(steps)) + steps,
    "a daily cycle": lambda steps: np.sin(2 * np.pi * np.arange(len(steps)) / 24) + 0.1 * steps,
    "a day of bursts in three weeks": lambda steps: steps + 30 * (np.arange(len(steps)) % 500 < 24),
    "heavy tails": lambda steps: steps / np.abs(np.roll(steps, 1)),
}
"""A feature's values by the hour, made of independent normal steps."""


def watch_wandering(feature: str, length: int, jump: float, random: Random) -> Mapping[str, float]:
    """Train on 60 days and judge windows of two weeks, in which the feature may jump by so many sd of training."""
    trained, hours = TRAINED_DAYS * 24, (TRAINED_DAYS + WATCHED_DAYS) * 24
    values = np.repeat(WANDERING[feature](random.normal(size=hours)), PER_HOUR)
    seen = values[: trained * PER_HOUR]
    (reference,) = refer_to_weeks({feature: seen})
    windows = [span_of(start, length) for start in range(trained, hours - length + 1, length)]
    marks = [
        far_share(reference, reference.count(values[rows] + jump * seen.std()), span) is not None
        for rows, span in windows
    ]
    return {"found" if jump else "alarms": float(np.mean(marks))}


def cells() -> Iterator[Cell]:
    """All cells of this part."""
    for length in (1, 6, 24):
        for feature in WANDERING:
            name, bound = f"{feature}, windows of {length} h", Bound("alarms", at_most=0.01)
            ci_runs = 2 if length == 24 and feature == "a random walk" else 0
            runs = 10 if length == 1 else 40
            yield Cell("far", name, partial(watch_wandering, feature, length, 0.0), runs, (bound,), ci_runs)
    for feature in ("a random walk", "correlation .97", "correlation .999", "a daily cycle"):
        for jump, bounds in ((4.0, ()), (10.0, ()), (1000.0, (Bound("found", at_least=0.95),))):
            name = f"{feature} + {jump:,g} sd, windows of 24 h"
            yield Cell("far", name, partial(watch_wandering, feature, 24, jump), 20, bounds)
