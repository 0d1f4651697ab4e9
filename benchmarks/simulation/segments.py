"""Cells of drift by segment: is a feature named that changed in one segment alone, and none that changed otherwise?

Twelve features are watched in the segments of three of them: two categories, and the quarters of a number that another
number follows.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np

from benchmarks.simulation.cell import Bound, Cell
from benchmarks.simulation.drift import TEN
from refrain.statistics.moved_rows import share_cells
from refrain.statistics.segment_drift import search_segment_drifts
from refrain.statistics.segment_search import SegmentColumn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from benchmarks.simulation.cell import Random

    type Matrix = NDArray[np.float32]

type SegmentChange = Literal["nothing", "a number", "numbers that go together", "one segment"]

JUDGED_ROWS = 5000
REGION, PLAN, NUMBER, FOLLOWER, LONELY = range(5)
"""The features of segments, the number that follows the third, and one that follows none."""
FOLLOWS = 0.7
REGIONS, PLANS = 5, 12
QUARTERS = (-0.674, 0.0, 0.674)
PLANTED = 2
"""The region, a fifth of the rows, in which something changes."""


def watch_segments(change: SegmentChange, size: float, rows: int, alike: int, random: Random) -> Mapping[str, float]:
    """Shift numbers by so many standard deviations; so many rows that follow each other are alike."""
    before, now = _draw(random, JUDGED_ROWS), np.repeat(_draw(random, rows // alike), alike, axis=0)
    match change:
        case "a number":
            now[:, LONELY] += size
        case "numbers that go together":
            now[:, [NUMBER, FOLLOWER]] += [size, FOLLOWS * size]
        case "one segment":
            now[now[:, REGION] == PLANTED, LONELY] += size
    shared = share_cells(before, now)
    drifts = search_segment_drifts(_columns(before, now), shared, np.arange(rows) // alike)
    if change != "one segment":
        return {"any named": bool(drifts)}
    named = [(drift.words, drift.feature) for drift in drifts]
    planted = (f"region = {PLANTED}", LONELY)
    return {"named": planted in named, "others named": bool(set(named) - {planted})}


def _draw(random: Random, rows: int) -> Matrix:
    number, lonely, own = random.normal(size=(3, rows))
    follower = FOLLOWS * number + np.sqrt(1 - FOLLOWS**2) * own
    numbers = [draw(random, rows) for name, draw in TEN.items() if name not in ("normal", "category", "another normal")]
    categories = random.integers(REGIONS, size=rows), random.integers(PLANS, size=rows)
    return np.column_stack([*categories, number, follower, lonely, *numbers]).astype(np.float32)


def _columns(before: Matrix, now: Matrix) -> dict[int, SegmentColumn]:
    quarters = [np.searchsorted(QUARTERS, side[:, NUMBER], "right") for side in (before, now)]
    ends = np.arange(1, len(QUARTERS) + 1)[:, np.newaxis] <= np.arange(len(QUARTERS) + 1)
    words = [f"number {sign} {edge}" for sign in ("≥", "<") for edge in QUARTERS]
    return {
        REGION: _categories("region", REGION, REGIONS, before, now),
        PLAN: _categories("plan", PLAN, PLANS, before, now),
        NUMBER: SegmentColumn(quarters[0], quarters[1], np.vstack([ends, ~ends]), tuple(words)),
    }


def _categories(name: str, feature: int, values: int, before: Matrix, now: Matrix) -> SegmentColumn:
    reference, window = (side[:, feature].astype(np.int64) for side in (before, now))
    return SegmentColumn(
        reference, window, np.eye(values, dtype=bool), tuple(f"{name} = {value}" for value in range(values))
    )


def cells() -> Iterator[Cell]:
    """All cells of this part."""
    everywhere: list[tuple[SegmentChange, float, str]] = [("nothing", 0.0, "nothing changes")]
    for change in ("a number", "numbers that go together"):
        everywhere += [(change, size, f"{change} + {_sd(size)} everywhere") for size in (0.5, 2.0)]
    for change, size, words in everywhere:
        for alike in (1, 25):
            name = words + (f", {alike} rows alike" if alike > 1 else "")
            quiet = (Bound("any named", at_most=0.01 if alike == 1 else 0.02),)
            ci_runs = 20 if size == 2.0 and alike == 1 else 0
            yield Cell("segments", name, partial(watch_segments, change, size, 2000, alike), 200, quiet, ci_runs)
    for size in (0.5, 1.0):
        for rows in (2000, 5000):
            bounds = (Bound("named", at_least=0.95), Bound("others named", at_most=0.02))
            name = f"a number + {_sd(size)} in a fifth of {rows:,} rows"
            yield Cell("segments", name, partial(watch_segments, "one segment", size, rows, 1), 200, bounds)


def _sd(size: float) -> str:
    return f"{size:g} sd".removeprefix("0")
