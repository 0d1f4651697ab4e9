"""Cells of causes and segments: is what was planted named first, is nothing named by chance, and is the figure true?"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.simulation.cell import Bound, Cell
from benchmarks.simulation.planted_drops import boosted, draw_drop, linear
from refrain.statistics.loss_rise import LossRows
from refrain.statistics.rise_cause import find_cause
from refrain.statistics.segment_search import SegmentColumn, search_segments

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from benchmarks.simulation.cell import Random
    from benchmarks.simulation.planted_drops import Learn, Reason

FIRST = Bound("named first", at_least=0.9)
SILENT = Bound("any cause named", at_most=0.01)
HOLDS = Bound("interval holds", at_least=0.9)
FALSE = Bound("any segment named", at_most=0.05)
HONEST = Bound("told too much", at_most=0.15)
MAX_DRAWS = 20

REASONS: Mapping[Reason, str] = {
    "shift": "a feature shifts to where the world is noisier",
    "turned": "the meaning turns in a segment",
    "constant": "a column is constant",
    "absent": "a column is absent",
    "half absent": "a column is absent in half of the rows",
    "thousandfold": "a column is a thousand times as large",
    "shuffled": "a column is shuffled",
}


def name_planted(reason: Reason, learn: Learn, is_regression: bool, random: Random) -> Mapping[str, float]:
    """Plant a reason until the loss surely rises, and see what is named first."""
    for draws in range(1, MAX_DRAWS + 1):
        drop = draw_drop(reason, learn, is_regression, random)
        if cause := find_cause(drop.reference, drop.window, 0.95):
            is_meaning = reason in ("turned", "shuffled")
            right = cause.first == drop.feature and cause.meaning_first == is_meaning
            return {"named first": right, "rise seen": 1 / draws}
    return {"named first": 0.0, "rise seen": 0.0}


def name_nothing(learn: Learn, is_regression: bool, alike: int, random: Random) -> Mapping[str, float]:
    """Change nothing, and see whether anything is named; so many rows that follow each other lose alike."""
    drop = draw_drop("nothing", learn, is_regression, random)
    sides = [_alike(side, alike, random) for side in (drop.reference, drop.window)]
    return {"any cause named": find_cause(sides[0], sides[1], 0.95) is not None}


def _alike(side: LossRows, alike: int, random: Random) -> LossRows:
    units = np.arange(len(side.losses)) // alike
    common = random.exponential(1, units[-1] + 1)[units] if alike > 1 else np.ones(len(units))
    return LossRows(side.matrix, side.losses * common, side.errors, units)


def search(more: float, rows: int, random: Random) -> Mapping[str, float]:
    """Search five columns for a segment of 10 % of the rows in which an error is so much more frequent."""
    columns = [_column(f"c{number}", width, rows, random) for number, width in enumerate((5, 4, 2, 8, 12))]
    planted = (columns[0].window == 2) & (columns[1].window >= 2)
    sides = random.random(5000) < 0.15, random.random(rows) < 0.15 + more * planted
    before, now = (_losses_of(wrong) for wrong in sides)
    worst = search_segments(columns, before, now, 0.95).worst
    if not more:
        return {"any segment named": bool(worst)}
    told = next((segment for segment in worst if segment.words == "c0 = 2 and c1 ≥ 2"), None)
    if told is None:
        return {"named": 0.0}
    holds = told.interval.low <= more <= told.interval.high
    return {"named": 1.0, "interval holds": holds, "told too much": told.more / more - 1}


def _losses_of(wrong: NDArray[np.bool_]) -> LossRows:
    losses = wrong.astype(np.float64)
    return LossRows(np.empty((len(wrong), 0), np.float32), losses, losses, np.arange(len(wrong)))


def _column(name: str, width: int, rows: int, random: Random) -> SegmentColumn:
    values = np.arange(width)
    marks = np.array([*(values == value for value in values), *(values >= value for value in values[1:])])
    words = [f"{name} = {value}" for value in values] + [f"{name} ≥ {value}" for value in values[1:]]
    return SegmentColumn(random.integers(0, width, 5000), random.integers(0, width, rows), marks, tuple(words))


def cells() -> Iterator[Cell]:
    """All cells of this part."""
    models: dict[str, Learn] = {"linear": linear, "boosted trees": boosted}
    for model, learn in models.items():
        for target, is_regression in (("classes", False), ("values", True)):
            for reason, words in REASONS.items():
                name = f"{words}: {target}, {model}"
                simulate = partial(name_planted, reason, learn, is_regression)
                sample = 4 if model == "linear" and reason in ("constant", "turned") else 0
                yield Cell("causes", name, simulate, 30 if learn is linear else 20, (FIRST,), sample)
            for alike in (1, 25):
                name = f"nothing changed: {target}, {model}" + (f", {alike} rows alike" if alike > 1 else "")
                simulate = partial(name_nothing, learn, is_regression, alike)
                yield Cell("causes", name, simulate, 200 if learn is linear else 40, (SILENT,))
    for rows in (2000, 5000):
        yield Cell("causes", f"no segment is worse, {rows:,} rows", partial(search, 0.0, rows), 400, (FALSE,), 30)
        for more in (0.15, 0.3):
            name = f"a tenth of {rows:,} rows errs {more:.0%} more"
            yield Cell("causes", name, partial(search, more, rows), 200, (HOLDS, HONEST))
