"""The windows of the drift benchmark: usual and nasty features, shifts, and features that follow hour and weather.

Each window has training rows of its own, so windows are independent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.simulation.drift import DIFFICULT, SHIFTS, TEN, refer_to
from benchmarks.simulation.seasons import PER_HOUR, TRAINED_DAYS, WATCHED_DAYS, draw_features, refer_to_weeks, span_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from benchmarks.simulation.cell import Random
    from benchmarks.simulation.drift import Column, Draw
    from refrain.monitoring.reference import Reference
    from refrain.monitoring.windows import Window

TRAINING_ROWS = 5000
SIZES = (500, 2000, 20_000)
NASTY_SIZE = 2000
MISSED_SHIFTS = ("mean + .25 sd", "variance × 1.5", "missing 5 → 10 %", "category 10 → 15 %", "category 30 → 35 %")
NASTY: dict[str, dict[str, Draw]] = {
    "heavy tails": {name: DIFFICULT[name] for name in ("Cauchy", "Pareto")} | {"lognormal": TEN["lognormal"]},
    "ties": {name: DIFFICULT[name] for name in ("90 % zeros", "ties", "1 % true", "rare categories")},
}
SEASONS = {"seasons": ("daily cycle", "weaker daily cycle", "weekend"), "rows that follow each other": ("weather",)}
HOURS = (6, 24)


@dataclass(frozen=True)
class DriftTask:
    """Training rows and a window by feature, and the features of which a tool has to say whether they drifted.

    `references` and `span` are what Refrain has kept of the training rows, and the time of the window.
    """

    training: Mapping[str, Column]
    window: Mapping[str, Column]
    judged: Sequence[str]
    references: Sequence[Reference]
    span: Window | None = None

    def arrays(self) -> dict[str, Column]:
        """Return it as a peer reads it; categories are text."""
        sides = {"training": self.training, "window": self.window}
        columns = {f"{side}/{name}": column for side, part in sides.items() for name, column in part.items()}
        texts = {name: column.astype(str) for name, column in columns.items() if column.dtype == object}
        return columns | texts | {"judged": np.array(self.judged)}


def draw_tasks(windows: int) -> Iterator[tuple[str, DriftTask]]:
    """Draw so many windows of each situation, with its title."""
    for random in map(np.random.default_rng, range(windows)):
        for rows in SIZES:
            yield from draw_shifts(rows, random)
        for name, kinds in NASTY.items():
            training, window = draw_sides(kinds, NASTY_SIZE, random)
            yield f"false alarms: {name}, {NASTY_SIZE:,} rows", compare_sides(training, window, list(kinds))
        for hours in HOURS:
            yield from draw_seasons(hours, random)


def draw_sides(kinds: Mapping[str, Draw], rows: int, random: Random) -> tuple[dict[str, Column], dict[str, Column]]:
    """Draw training rows and a window in which nothing shifts."""
    sides = ({name: draw(random, count) for name, draw in kinds.items()} for count in (TRAINING_ROWS, rows))
    return next(sides), next(sides)


def compare_sides(training: Mapping[str, Column], window: Mapping[str, Column], judged: Sequence[str]) -> DriftTask:
    """Make the task of a window without a time."""
    references = [refer_to(name, values) for name, values in training.items()]
    return DriftTask(training, window, judged, references)


def draw_shifts(rows: int, random: Random) -> Iterator[tuple[str, DriftTask]]:
    """Draw ten features of which none shifts, then one after the other."""
    training, window = draw_sides(TEN, rows, random)
    quiet = compare_sides(training, window, list(TEN))
    yield f"false alarms: usual features, {rows:,} rows", quiet
    for shift in MISSED_SHIFTS:
        name, move = SHIFTS[shift]
        shifted = {**window, name: move(random, window[name])}
        yield f"missed: {shift}, {rows:,} rows", DriftTask(training, shifted, [name], quiet.references)


def draw_seasons(length: int, random: Random) -> Iterator[tuple[str, DriftTask]]:
    """Draw features that follow the hour, the week and each other, and a window of the next two weeks."""
    trained = TRAINED_DAYS * 24
    columns = draw_features(random, trained + WATCHED_DAYS * 24)
    inside, span = span_of(trained + length * int(random.integers(WATCHED_DAYS * 24 // length)), length)
    training = {name: values[: trained * PER_HOUR] for name, values in columns.items()}
    window = {name: values[inside] for name, values in columns.items()}
    references = refer_to_weeks(training)
    for title, judged in SEASONS.items():
        yield f"false alarms: {title}, {length} hours", DriftTask(training, window, judged, references, span)
