"""In which segments have inputs changed otherwise than in the rest of the rows?

What changed everywhere is drift, not the drift of a segment. So the rows of a segment are held against those that it
had before, after these were moved as all rows moved. The test is Pearson's with the design effect of dependent rows
(Rao & Scott 1984), at a false discovery rate that holds for all features in all segments.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from refrain.statistics.design_effect import chi_squared_deviation, cluster_design_effect
from refrain.statistics.homogeneity import find_discoveries, pearson_statistic, stability_index

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from refrain.arrays import Floats
    from refrain.statistics.moved_rows import SharedCells
    from refrain.statistics.segment_search import SegmentColumn

MIN_DRIFTED_ROWS = 100
"""Of a segment, on either side."""

MIN_EXPECTED_CELL_ROWS = 5.0
"""Cells with fewer expected rows are joined."""

FALSE_SEGMENT_DRIFTS = 0.01
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
    columns: Sequence[SegmentColumn], shared: SharedCells, units: NDArray[np.int64]
) -> list[DriftedSegment]:
    """Find the segments of one column in which a feature changed otherwise than elsewhere, the greatest effects first.

    `units` number the rows of the window that depend on each other. Each feature is told of one segment.
    """
    drifts = [
        drift
        for column in columns
        for feature in range(len(shared.widths))
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
    width = shared.widths[feature]
    before = _tables(column, column.reference, shared.reference[:, feature], width)
    now = _tables(column, column.window, shared.window[:, feature], width)
    whole_before, whole_now = shared.counts(feature)
    moved = before * (whole_now / np.maximum(whole_before, 1))
    design = cluster_design_effect(shared.window[:, feature], units).ratio
    drifts = []
    for condition in np.flatnonzero(np.minimum(before.sum(axis=1), now.sum(axis=1)) >= MIN_DRIFTED_ROWS):
        rows = before[condition].sum()
        expected = np.round(moved[condition] * rows / max(moved[condition].sum(), 1e-9)).astype(np.int64)
        chance, effect = _compare(now[condition].astype(np.int64), expected, design)
        share = float(now[condition].sum() / len(column.window))
        drifts.append(DriftedSegment(column.words[condition], share, feature, chance, effect))
    return drifts


def _tables(column: SegmentColumn, segments: NDArray[np.int64], cells: NDArray[np.int64], width: int) -> Floats:
    """Count the rows of each segment of a column by the cells of a feature [conditions, cells]."""
    own = column.marks.shape[1]
    table = np.bincount(segments * width + cells, minlength=own * width).reshape(own, width)
    return np.asarray(column.marks.astype(np.float64) @ table)


def _compare(now: NDArray[np.int64], expected: NDArray[np.int64], design: float) -> tuple[float, float]:
    """Return how likely counts differ so by chance, and the effect beyond what chance gives."""
    pooled = now + expected
    few = pooled * min(int(now.sum()), int(expected.sum())) / pooled.sum() < MIN_EXPECTED_CELL_ROWS
    now, expected = (np.append(side[~few], side[few].sum()) for side in (now, expected))
    pooled = now + expected
    now, expected, pooled = (side[pooled > 0] for side in (now, expected, pooled))
    freedom = len(pooled) - 1
    if freedom < 1:
        return 1.0, 0.0
    squares = pearson_statistic(now[np.newaxis], pooled, int(now.sum())) / design
    chance = 0.5 * math.erfc(float(chi_squared_deviation(squares, freedom)[0]) / math.sqrt(2))
    luck = freedom * design * (1 / now.sum() + 1 / max(int(expected.sum()), 1))
    return chance, max(0.0, float(stability_index(now[np.newaxis], expected[np.newaxis])[0] - luck))
