from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from refrain.statistics.always_valid import sequence_width, surely_above, surely_below, wealth

if TYPE_CHECKING:
    from collections.abc import Callable

    from refrain.arrays import Floats

    type Draw = Callable[[np.random.Generator, int], Floats]

ALPHA = 0.05
TRIALS = 400
ROWS = 1000


def rare(random: np.random.Generator, rows: int) -> Floats:
    return (random.random(rows) < 0.01).astype(np.float64)


def fair(random: np.random.Generator, rows: int) -> Floats:
    return (random.random(rows) < 0.5).astype(np.float64)


def even(random: np.random.Generator, rows: int) -> Floats:
    return random.random(rows)


def skewed(random: np.random.Generator, rows: int) -> Floats:
    return random.beta(0.1, 0.4, rows)


@pytest.mark.parametrize(("draw", "mean"), [(rare, 0.01), (fair, 0.5), (even, 0.5), (skewed, 0.2)])
def test_a_true_claim_is_refuted_in_no_more_trials_than_allowed_though_every_row_is_a_look(
    draw: Draw, mean: float
) -> None:
    # `wealth` is the most there ever was, so each trial is looked at after every single row.
    random = np.random.default_rng(1)
    trials = [draw(random, ROWS) for _ in range(TRIALS)]

    refuted = np.mean([surely_above(values, mean, ALPHA) for values in trials])

    assert refuted <= ALPHA + 2 * np.sqrt(ALPHA * (1 - ALPHA) / TRIALS)


def test_a_test_for_one_look_would_refute_true_claims_far_more_often() -> None:
    # Why it takes more than a z-test: the same looks, and a threshold that holds for one of them only.
    random = np.random.default_rng(1)
    places = np.arange(1, ROWS + 1)
    alarms = 0
    for _ in range(TRIALS):
        values = fair(random, ROWS)
        deviations = (values.cumsum() - places * 0.5) / np.sqrt(places * 0.25)
        alarms += bool((deviations[30:] > 1.645).any())

    assert alarms / TRIALS > 3 * ALPHA


@pytest.mark.parametrize(
    ("draw", "claim", "rows"), [(rare, 0.001, 2000), (fair, 0.3, 150), (even, 0.3, 80), (skewed, 0.1, 250)]
)
def test_a_wrong_claim_is_refuted_soon(draw: Draw, claim: float, rows: int) -> None:
    random = np.random.default_rng(2)

    found = [surely_above(draw(random, rows), claim, ALPHA) for _ in range(100)]

    assert np.mean(found) >= 0.9


def test_below_is_the_mirror_of_above() -> None:
    values = np.random.default_rng(3).random(200)

    assert surely_below(values, 0.6, ALPHA) == surely_above(1 - values, 0.4, ALPHA)
    assert not surely_below(values, 0.5, ALPHA)


def test_before_the_first_row_nothing_is_sure() -> None:
    assert wealth(np.empty(0), 0.5) == 1
    assert not surely_above(np.empty(0), 0.5, ALPHA)


def test_a_sequence_of_intervals_misses_the_true_mean_in_no_more_trials_than_allowed() -> None:
    random = np.random.default_rng(5)
    rows = np.arange(1, 3001)
    deviations = random.normal(size=(TRIALS, 3000)).cumsum(axis=1) / np.sqrt(rows)
    widths = np.array([sequence_width(units, ALPHA, 500) for units in rows.tolist()])

    missed = (deviations > widths).any(axis=1).mean()

    assert missed <= ALPHA
    assert missed >= ALPHA / 10  # it is not wider than it has to be


def test_a_sequence_is_narrowest_where_it_was_planned_to_be() -> None:
    widths = [sequence_width(1000, ALPHA, planned) for planned in (100, 500, 1000, 2000, 10_000)]

    assert min(widths) == widths[2]
