from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refrain.statistics.gains import measure_gains


def column(*values: float) -> np.ndarray:
    return np.array(values)[:, np.newaxis]


@given(seed=st.integers(0, 10**6), rows=st.integers(2, 60), discrete=st.booleans(), shift=st.floats(-1, 1))
def test_test_and_interval_never_disagree(seed: int, rows: int, discrete: bool, shift: float) -> None:
    random = np.random.default_rng(seed)
    gains = random.integers(-1, 2, (rows, 2)).astype(float) if discrete else random.normal(shift, 1, (rows, 2))

    for measured in measure_gains(gains, np.arange(rows), 0.05, 1.0):
        if measured.interval is not None:
            assert measured.interval.low <= measured.gain <= measured.interval.high
            assert measured.interval.low < 0 or measured.chance <= 0.05 or measured.gain == 0 == measured.interval.low
            assert measured.interval.low >= 0 or measured.chance > 0.05
            assert measured.interval.high <= 0 or measured.chance_of_loss > 0.05


@given(seed=st.integers(0, 10**6))
def test_the_other_way_round_gains_are_losses(seed: int) -> None:
    gains = np.random.default_rng(seed).normal(size=(30, 1))

    forth, back = (measure_gains(values, np.arange(30), 0.05)[0] for values in (gains, -gains))

    assert forth.gain == -back.gain
    assert forth.chance == back.chance_of_loss
    assert forth.interval is not None and back.interval is not None
    assert forth.interval.low == pytest.approx(-back.interval.high, abs=1e-6)


@pytest.mark.parametrize("differing", range(1, 21))
def test_equal_models_that_differ_in_few_rows_are_seldom_taken_for_better(differing: int) -> None:
    """Every outcome of so many fair coins, each with its probability: the error is exact."""
    error = 0.0
    for wins in range(differing + 1):
        gains = column(*[1.0] * wins, *[-1.0] * (differing - wins), *[0.0] * 200)
        if measure_gains(gains, np.arange(len(gains)), 0.05, 1.0)[0].chance <= 0.05:
            error += float(np.prod([(differing - k) / (k + 1) for k in range(wins)])) / 2**differing

    assert error <= 0.0601


def test_five_wins_without_a_loss_are_the_least_that_prove_anything() -> None:
    chances = [
        measure_gains(column(*[1.0] * wins, *[0.0] * 95), np.arange(95 + wins), 0.05)[0].chance for wins in (4, 5)
    ]

    assert chances[0] > 0.05 > chances[1]


def test_the_same_answers_gain_nothing_and_leave_an_interval_by_the_size_of_a_miss() -> None:
    (same,) = measure_gains(np.zeros((200, 1)), np.arange(200), 0.05, 1.0)

    assert same.gain == 0
    assert same.chance == same.chance_of_loss == 1.0
    assert same.interval is not None
    assert -0.02 < same.interval.low < -0.005 < 0.005 < same.interval.high < 0.02


def test_rows_that_repeat_others_prove_no_more_than_these() -> None:
    gains = np.random.default_rng(5).normal(0.3, 1, (100, 1))

    once = measure_gains(gains, np.arange(100), 0.05)[0]
    often = measure_gains(np.repeat(gains, 20, axis=0), np.repeat(np.arange(100), 20), 0.05)[0]

    assert often.chance == pytest.approx(once.chance, abs=0.01)
    assert often.error == pytest.approx(once.error, rel=0.01)
    rows = measure_gains(np.repeat(gains, 20, axis=0), np.arange(2000), 0.05)[0]
    assert rows.error < often.error / 3


def test_many_rows_are_joined_and_say_the_same() -> None:
    gains = np.random.default_rng(5).normal(0.02, 1, (20_000, 1))

    measured = measure_gains(gains, np.arange(20_000), 0.05)[0]

    assert measured.error == pytest.approx(gains.std() / np.sqrt(20_000), rel=0.1)
    assert measured.interval is not None
    assert measured.interval.low == pytest.approx(measured.gain - 1.645 * measured.error, abs=0.2 * measured.error)


@pytest.mark.parametrize(("units", "has_interval"), [(2, False), (4, False), (5, True), (20, True)])
def test_too_few_units_have_no_interval(units: int, has_interval: bool) -> None:
    gains = np.random.default_rng(0).normal(1, 0.1, (units * 50, 1))

    measured = measure_gains(gains, np.repeat(np.arange(units), 50), 0.05)[0]

    assert (measured.interval is not None) is has_interval
    assert (measured.chance <= 0.05) is has_interval


def test_of_several_challengers_the_same_gain_proves_less() -> None:
    gains = np.random.default_rng(2).normal(0.15, 1, (200, 10))

    alone = measure_gains(gains[:, :1], np.arange(200), 0.05)[0]
    among = measure_gains(gains, np.arange(200), 0.05)[0]

    assert among.gain == alone.gain
    assert among.chance > 2 * alone.chance
