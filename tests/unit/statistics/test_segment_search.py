"""Segments that got worse are named with what it amounts to, and luck is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from refrain.statistics.loss_rise import LossRows
from refrain.statistics.segment_search import SegmentColumn, SegmentSearch, search_segments

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDTHS = (5, 4, 2, 8)


def search(seed: int, more: float, *, rows: int = 4000, alike: int = 1) -> SegmentSearch:
    """Search a window in which errors are more frequent where the first column is 2 and the second at least 2."""
    random = np.random.default_rng(seed)
    columns = []
    for number, width in enumerate(WIDTHS):
        values = np.arange(width)
        marks = np.array([*(values == value for value in values), *(values >= value for value in values[1:])])
        words = [f"c{number} = {value}" for value in values] + [f"c{number} ≥ {value}" for value in values[1:]]
        now = np.repeat(random.integers(0, width, rows // alike), alike)
        columns.append(SegmentColumn(random.integers(0, width, 5000), now, marks, tuple(words)))
    planted = (columns[0].window == 2) & (columns[1].window >= 2)
    chance = 0.15 + np.repeat(random.normal(0, 0.1, rows // alike), alike) * (alike > 1) + more * planted
    reference = losses_of(random.random(5000) < 0.15, np.arange(5000))
    return search_segments(columns, reference, losses_of(random.random(rows) < chance, np.arange(rows) // alike), 0.95)


def losses_of(wrong: NDArray[np.bool_], units: NDArray[np.int64]) -> LossRows:
    return LossRows(np.empty((len(wrong), 0), np.float32), wrong.astype(float), wrong.astype(float), units)


@pytest.mark.parametrize("alike", [1, 20])
def test_luck_is_named_in_few_windows(alike: int) -> None:
    assert sum(bool(search(seed, 0.0, alike=alike).worst) for seed in range(40)) <= 2


def test_what_is_told_of_a_segment_is_not_inflated_by_choosing_it() -> None:
    worst = [search(seed, 0.25).worst for seed in range(40)]
    named = [segments[0] for segments in worst if segments and segments[0].words == "c0 = 2 and c1 ≥ 2"]

    assert len(named) >= 30
    assert np.mean([segment.more for segment in named]) == pytest.approx(0.25, abs=0.02)
    assert np.mean([segment.interval.low <= 0.25 <= segment.interval.high for segment in named]) >= 0.85
    assert np.mean([segment.share for segment in named]) == pytest.approx(0.1, abs=0.01)


def test_too_few_rows_are_not_searched() -> None:
    assert search(0, 0.5, rows=100).tested == 0
