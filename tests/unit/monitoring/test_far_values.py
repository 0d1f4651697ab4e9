"""Most rows far beyond all of training are a drift, however much a feature wanders; everything else is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refrain.monitoring.drift import compare_distributions
from refrain.monitoring.far_values import far_share, fold_far
from refrain.monitoring.reference import Reference
from refrain.monitoring.windows import Window
from refrain.statistics.bins import number_cells
from refrain.statistics.shifts import Floors
from refrain.training.baseline import profile_number
from refrain.training.history import count_blocks

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
HOURS, PER_HOUR = 60 * 24, 20


def wander(hours: int = HOURS) -> np.ndarray:
    """A day-long memory: windows of a day see hardly any shift in such a feature, however large."""
    draw, level = np.random.default_rng(5), 0.0
    levels = [level := 0.97 * level + draw.normal(0, 0.24) for _ in range(hours)]
    return np.repeat(levels, PER_HOUR)


def refer(values: np.ndarray) -> Reference:
    """What training keeps of the values of some weeks."""
    times = np.datetime64("2026-01-05", "us") + np.arange(len(values)) * np.timedelta64(3600 // PER_HOUR, "s")
    reference = Reference.of("weather", profile_number(values), len(values))
    return replace(reference, history=count_blocks(times, [number_cells(values, reference.edges)])[0])


def window_of(hours: int) -> Window:
    since = MONDAY + timedelta(hours=HOURS)
    return Window(since, since + timedelta(hours=hours))


def drifted(reference: Reference, values: np.ndarray, hours: int = 24) -> bool:
    pair = (reference, reference.count(values))
    tests = compare_distributions([pair], [], floors=Floors(0.1, 0.01), importance={}, span=window_of(hours))
    return any(test.distribution.drifted for test in tests)


@pytest.mark.parametrize("hours", [1, 6, 24])
@pytest.mark.parametrize(("jump", "is_drift"), [(0.0, False), (2.0, False), (15.0, True), (-1000.0, True)])
def test_a_jump_far_beyond_all_of_training_is_a_drift(hours: int, jump: float, is_drift: bool) -> None:
    values = wander()
    assert drifted(refer(values), values[: hours * PER_HOUR] + jump, hours) == is_drift


def test_the_change_is_told_as_a_share_of_the_rows() -> None:
    reference, window = refer(wander()), wander()[: 24 * PER_HOUR].copy()
    window[::4] += 1e6
    assert not drifted(reference, window), "a quarter of the rows is not most of them"
    window[1::2] += 1e6
    pair = (reference, reference.count(window))
    (test,) = compare_distributions([pair], [], floors=Floors(0.1, 0.01), importance={}, span=window_of(24))
    assert test.distribution.change == "75 % far beyond training"
    assert len(test.reference.labels) == len(test.window) == len(test.reference.counts)


def test_what_training_has_seen_once_is_no_news() -> None:
    values = wander()
    values[:5] = 1e9  # a few wild rows do not say where far begins
    assert drifted(refer(values), values[: 24 * PER_HOUR] + 100.0)
    burst = wander()
    burst[480:600] += 100.0  # six hours of sixty days
    reference = refer(burst)
    assert far_share(reference, reference.count(burst[:120] + 100.0), window_of(6)) is None


def test_without_enough_windows_of_training_nothing_is_far() -> None:
    reference = refer(wander(9 * 24))
    assert far_share(reference, reference.count(np.full(480, 1e6)), window_of(24)) is None
    timeless = replace(reference, history=None)
    assert far_share(timeless, timeless.count(np.full(480, 1e6)), window_of(1)) is None


@given(st.lists(st.floats(-1e6, 1e6) | st.just(np.nan), min_size=1, max_size=40), st.lists(st.floats(-1e9, 1e9)))
def test_without_the_far_cells_counts_are_those_of_the_bins(values: list[float], window: list[float]) -> None:
    profile = profile_number(np.array(values))
    reference = Reference.of("any", profile, len(values))

    folded, counts = fold_far((reference, reference.count(np.array(window))))

    assert folded.counts.tolist() == [*profile.bins.counts, len(values) - sum(profile.bins.counts)]
    assert list(folded.edges) == profile.bins.edges
    assert counts.tolist() == folded.count(np.array(window)).tolist()
    assert reference.count(np.array(values)).tolist() == reference.counts.tolist()
