from __future__ import annotations

import numpy as np
import pytest

from benchmarks.simulation.situations import autoregressive
from refrain.statistics.dependence import BLOCKS_LAST, block_length, number_units


@pytest.mark.parametrize("correlation", [0.5, 0.8, 0.9, 0.97])
def test_blocks_are_some_times_as_long_as_a_difference_lasts(correlation: float) -> None:
    random = np.random.default_rng(3)
    lengths = [block_length(autoregressive(random, 2000, correlation)) for _ in range(20)]

    assert np.median(lengths) == pytest.approx(-BLOCKS_LAST / np.log(correlation), rel=0.4)


def test_blocks_are_found_though_the_noise_of_rows_hides_what_lasts() -> None:
    random = np.random.default_rng(3)
    series = 0.3 * autoregressive(random, 4000, 0.97) + random.normal(size=4000)

    assert block_length(series) > 50


def test_rows_that_say_nothing_of_each_other_stay_units() -> None:
    random = np.random.default_rng(3)
    lengths = [block_length(random.normal(size=500)) for _ in range(100)]

    assert np.median(lengths) == 1


@pytest.mark.parametrize("series", [np.empty(0), np.zeros(1), np.zeros(100), np.arange(3.0)])
def test_a_series_that_shows_nothing_has_blocks_of_one_row(series: np.ndarray) -> None:
    assert block_length(series) == 1


def test_units_are_entities_where_there_are_any_else_blocks_in_time_else_rows() -> None:
    lasting, times = np.repeat(np.random.default_rng(0).normal(size=20), 50)[:, np.newaxis], np.arange(1000)

    assert number_units(np.array(["b", "a", "b"]), np.arange(3), np.zeros((3, 1))).tolist() == [1, 0, 1]
    assert number_units(None, None, lasting).tolist() == list(range(1000))
    assert len(np.unique(number_units(None, times, lasting))) < 20


def test_blocks_follow_the_time_whatever_the_order_of_the_rows() -> None:
    random = np.random.default_rng(1)
    lasting, times = np.repeat(random.normal(size=100), 20)[:, np.newaxis], np.arange(2000)
    shuffled = random.permutation(2000)

    units = number_units(None, times, lasting)

    assert np.array_equal(number_units(None, times[shuffled], lasting[shuffled]), units[shuffled])
    assert np.all(np.diff(units) >= 0)


def test_the_most_lasting_of_several_differences_decides() -> None:
    random, times = np.random.default_rng(1), np.arange(1000)
    both = np.stack([random.normal(size=1000), autoregressive(random, 1000, 0.9)], axis=1)

    assert np.array_equal(number_units(None, times, both), number_units(None, times, both[:, 1:]))
