"""In which segments have inputs changed otherwise than in the rest of the rows?

What changed everywhere is drift, not the drift of a segment. So where a feature changed elsewhere too, the rows that a
segment had before are moved first: as far as all rows moved, or only a part of the way, since a segment may depend on
the feature. What explains its rows best counts. The test allows for moved rows being few, and for dependent rows (Rao &
Scott 1984), at a false discovery rate that holds for all features in all segments.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from refrain.statistics.design_effect import chi_squared_deviation, cluster_design_effect
from refrain.statistics.homogeneity import find_discoveries, stability_index

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from refrain.arrays import Floats
    from refrain.statistics.bins import Cells
    from refrain.statistics.moved_rows import SharedCells
    from refrain.statistics.segment_search import SegmentColumn

MIN_DRIFTED_ROWS = 100
"""Of a segment, on either side."""

MIN_EXPECTED_CELL_ROWS = 5.0
"""Cells with fewer expected rows are joined. Nobody knows how they moved, so then they are left out."""

MAX_ODDS_RATIO = 4.0
"""A segment whose odds changed by more has other rows than before, so that whatever depends on it changed too."""

MOVED_PARTS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""How much of the way that all rows moved the rows of a segment may have moved."""

FALSE_SEGMENT_DRIFTS = 0.005
"""The approximation is a little bold so far out: at most 1 of 100 quiet windows names a segment."""
MAX_STILL_CHANCE = 0.01
"""The other rows have changed if chance shows as much less often."""
MIN_SEGMENT_EFFECT = 0.1
"""The least population stability index that is worth a word, less what chance gives."""


@dataclass(frozen=True)
class DriftedSegment:
    """A segment, its share of the window, the feature by its index, how likely that is by chance, and its effect."""

    words: str
    share: float
    feature: int
    chance: float
    effect: float


def search_segment_drifts(
    columns: Mapping[int, SegmentColumn], shared: SharedCells, units: NDArray[np.int64]
) -> list[DriftedSegment]:
    """Find the segments of one column in which a feature changed otherwise than elsewhere, the greatest effects first.

    The columns are named by their feature, which is not looked at in its own segments. `units` number the rows of the
    window that depend on each other. Each feature is told of one segment.
    """
    drifts = [
        drift
        for own, column in columns.items()
        for feature in range(len(shared.widths))
        if feature != own
        for drift in _drifts_of(column, shared, feature, units)
    ]
    surely = find_discoveries([drift.chance for drift in drifts], FALSE_SEGMENT_DRIFTS)
    likely = sorted((drift for drift, sure in zip(drifts, surely, strict=True) if sure), key=lambda drift: drift.chance)
    first = {drift.feature: drift for drift in reversed(likely) if drift.effect >= MIN_SEGMENT_EFFECT}
    return sorted(first.values(), key=lambda drift: -drift.effect)


def _drifts_of(
    column: SegmentColumn, shared: SharedCells, feature: int, units: NDArray[np.int64]
) -> list[DriftedSegment]:
    """Test a feature in all segments of a column that have enough rows."""
    width, whole = shared.widths[feature], shared.counts(feature)
    before = _tables(column, column.reference, shared.reference[:, feature], width)
    now = _tables(column, column.window, shared.window[:, feature], width)
    design = cluster_design_effect(shared.window[:, feature], units).ratio
    drifts = []
    rows = before.sum(axis=1), now.sum(axis=1)
    odds = [
        (own + 0.5) / (len(side) - own + 0.5) for own, side in zip(rows, (column.reference, column.window), strict=True)
    ]
    alike = np.abs(np.log(odds[1] / odds[0])) <= math.log(MAX_ODDS_RATIO)
    for condition in np.flatnonzero(alike & (np.minimum(*rows) >= MIN_DRIFTED_ROWS)):
        chance, effect = _compare_segment(before[condition], now[condition], whole, design)
        share = float(now[condition].sum() / len(column.window))
        drifts.append(DriftedSegment(column.words[condition], share, feature, chance, effect))
    return drifts


def _compare_segment(before: Floats, now: Floats, whole: tuple[Cells, Cells], design: float) -> tuple[float, float]:
    """Compare the rows of a segment with what they were, or with that moved, where all other rows changed as well."""
    whole_before, whole_now = whole
    plain = _compare(before, now, design)
    if (
        plain[0] > FALSE_SEGMENT_DRIFTS
        or _compare(whole_before - before, whole_now - now, design)[0] > MAX_STILL_CHANCE
    ):
        return plain
    followed = whole_before * (before.sum() / whole_before.sum()) >= MIN_EXPECTED_CELL_ROWS
    ratios = whole_now[followed] / whole_before[followed]
    before, now = before[followed], now[followed]
    return max(_compare(before, now, design, ratios**part) for part in MOVED_PARTS)


def _tables(column: SegmentColumn, segments: NDArray[np.int64], cells: NDArray[np.int64], width: int) -> Floats:
    """Count the rows of each segment of a column by the cells of a feature [conditions, cells]."""
    own = column.marks.shape[1]
    table = np.bincount(segments * width + cells, minlength=own * width).reshape(own, width)
    return np.asarray(column.marks.astype(np.float64) @ table)


def _compare(before: Floats, now: Floats, design: float, ratios: Floats | float = 1.0) -> tuple[float, float]:
    """Return how likely counts differ so by chance, and the effect beyond what chance gives; `ratios` move `before`."""
    moved = before * ratios
    rows, total = float(now.sum()), float(moved.sum())
    if not rows or not total:
        return 1.0, 0.0
    present, expected = now / rows, moved / total
    worth = total**2 / float(moved @ (ratios * np.ones(len(moved))))  # rows of before, once they are moved
    pooled = (rows * present + worth * expected) / (rows + worth)
    few = pooled * min(rows, worth) < MIN_EXPECTED_CELL_ROWS
    lines = present, expected, pooled * (1 / rows + ratios / total)
    present, expected, variance = (np.append(line[~few], line[few].sum()) for line in lines)
    used = variance > 0
    freedom = int(used.sum()) - 1
    if freedom < 1:
        return 1.0, 0.0
    squares = ((present - expected)[used] ** 2 / variance[used]).sum(keepdims=True) / design
    chance = 0.5 * math.erfc(float(chi_squared_deviation(squares, freedom)[0]) / math.sqrt(2))
    luck = freedom * design * (1 / rows + 1 / worth)
    counts = [np.round(count).astype(np.int64)[np.newaxis] for count in (present * rows, expected * worth)]
    return chance, max(0.0, float(stability_index(*counts)[0]) - luck)
