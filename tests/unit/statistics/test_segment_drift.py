"""A feature that changed in one segment alone is named with it; what changed everywhere, or nowhere, is not."""

from __future__ import annotations

import numpy as np
import pytest

from refrain.statistics.moved_rows import share_cells
from refrain.statistics.segment_drift import DriftedSegment, search_segment_drifts
from refrain.statistics.segment_search import SegmentColumn


def search(seed: int, change: str, alike: int = 1) -> list[DriftedSegment]:
    """Search five features in the four segments of the first one, of which the third changed."""
    random = np.random.default_rng(seed)
    before, now = random.normal(size=(4000, 5)), random.normal(size=(3000 // alike, 5)).repeat(alike, axis=0)
    segments = random.integers(0, 4, 4000), random.integers(0, 4, 3000)
    if change == "segment":
        now[segments[1] == 2, 1] += 0.7
    if change == "all":
        now[:, 1] += 0.7
    if change == "all, far":
        now[:, 1] = 1000 * now[:, 1] + 3
    if change == "all, the segments as well":  # whose feature another one follows
        sides = [np.searchsorted([-0.7, 0, 0.7], side) for side in (before[:, 0], now[:, 0] + 1.5)]
        before[:, 1], now[:, 1] = before[:, 0] + before[:, 1], now[:, 0] + 1.5 + now[:, 1]
        segments = sides[0], sides[1]
    shared = share_cells(before.astype(np.float32), now.astype(np.float32))
    column = SegmentColumn(*segments, np.eye(4, dtype=bool), tuple("abcd"))
    return search_segment_drifts({0: column}, shared, np.arange(3000) // alike)


def test_a_change_in_one_segment_is_named() -> None:
    drifts = [search(seed, "segment") for seed in range(10)]

    assert [(drift[0].words, drift[0].feature) for drift in drifts] == [("c", 1)] * 10
    assert all(0.2 < drift[0].share < 0.3 and drift[0].effect > 0.15 for drift in drifts)


@pytest.mark.parametrize("change", ["nothing", "all", "all, far", "all, the segments as well"])
@pytest.mark.parametrize("alike", [1, 20])
def test_what_changed_everywhere_or_nowhere_is_no_drift_of_a_segment(change: str, alike: int) -> None:
    assert sum(bool(search(seed, change, alike)) for seed in range(20)) <= 1
