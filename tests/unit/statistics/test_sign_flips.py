from __future__ import annotations

from itertools import product
from math import comb

import numpy as np
import pytest

from refrain.statistics.sign_flips import MAX_EXCESS, chance_of, flip_sums


@pytest.mark.parametrize("units", range(1, 11))
def test_few_units_are_flipped_in_every_way(units: int) -> None:
    sums = np.random.default_rng(units).normal(size=units)
    every = sorted(float(np.dot(signs, sums)) for signs in product((1, -1), repeat=units))

    flipped = flip_sums(sums[:, np.newaxis], np.ones(units, bool), 0.05)[:, 0]

    assert flipped[0] == pytest.approx(sums.sum(), abs=1e-5)
    assert np.allclose(np.unique(flipped.round(4)), np.unique(np.round(every, 4)), atol=2e-4)
    assert np.allclose(np.quantile(flipped, [0.1, 0.5, 0.9]), np.quantile(every, [0.1, 0.5, 0.9]), atol=0.9)


def test_many_units_are_flipped_at_random_and_without_bias() -> None:
    sums = np.random.default_rng(0).exponential(size=(600, 2))

    flipped = flip_sums(sums, np.ones(600, bool), 0.05)

    assert flipped.shape == (1024, 2)
    assert np.allclose(flipped[0], sums.sum(axis=0), rtol=1e-5)
    assert np.abs(flipped[1:].mean(axis=0)).max() < 4 * np.sqrt((sums**2).sum() / 1024)
    assert np.allclose(flipped[1:].std(axis=0), np.sqrt((sums**2).sum(axis=0)), rtol=0.1)


def test_a_smaller_error_takes_more_flips() -> None:
    assert len(flip_sums(np.ones((20, 1)), np.ones(20, bool), 0.001)) == 32768


@pytest.mark.parametrize("units", range(1, 40))
def test_ties_count_half_but_the_exact_error_stays_within_a_fifth(units: int) -> None:
    outcomes = np.repeat(np.arange(units, -units - 1, -2.0), [min(comb(units, k), 10**6) for k in range(units + 1)])
    if units > 16:
        outcomes = 2.0 * np.random.default_rng(0).binomial(units, 0.5, 20000) - units
    chances = {observed: chance_of(outcomes, observed) for observed in np.unique(outcomes)}
    passing = [observed for observed, chance in chances.items() if chance <= 0.05]

    error = float(np.mean(outcomes >= min(passing))) if passing else 0.0
    assert error <= 0.05 * MAX_EXCESS + 1e-9
