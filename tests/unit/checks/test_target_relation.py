"""How much a column tells about the target, against what is known of made-up rows."""

from __future__ import annotations

import numpy as np

from refrain.checks.coded_column import code_column
from refrain.checks.target_relation import likeness, predictive_power

RANDOM = np.random.default_rng(0)
CLASSES = RANDOM.integers(0, 3, 2000)
VALUES = RANDOM.lognormal(size=2000)


def power(values: np.ndarray, target: np.ndarray, classes: int) -> float:
    train, holdout = slice(0, 1500), slice(1500, None)
    strata = target[train] if classes else None
    return predictive_power(
        code_column(values[train], values[holdout], strata), target[train], target[holdout], classes
    )


def test_a_copy_of_the_target_has_full_power_and_noise_has_none() -> None:
    noise = RANDOM.normal(size=2000)

    assert power(CLASSES + noise / 100, CLASSES, 3) == 1.0
    assert power(np.log(VALUES), VALUES, 0) > 0.99
    assert power(noise, CLASSES, 3) < 0.6
    assert power(noise, VALUES, 0) < 0.1


def test_the_class_that_is_told_worst_counts() -> None:
    tells_one = (CLASSES == 0) + RANDOM.normal(size=2000) / 100

    assert power(tells_one, CLASSES, 3) < 0.8


def test_too_few_rows_have_no_power() -> None:
    assert power(np.arange(2000) * 1.0, (np.arange(2000) % 100 == 0).astype(int), 2) == 0.0


def test_likeness_is_the_share_of_variance_between_groups_beyond_chance() -> None:
    groups = np.repeat(np.arange(200), 5)
    of_groups = RANDOM.normal(size=200)[groups]

    shares = {weight: likeness(groups, weight * of_groups + RANDOM.normal(size=1000), 0)[0] for weight in (0.0, 1.0)}
    assert abs(shares[0.0]) < 0.12
    assert abs(shares[1.0] - 0.5) < 0.12
    assert likeness(groups, np.repeat(np.arange(200) % 2, 5), 2)[0] == 1.0


def test_the_standard_error_of_no_likeness_is_that_of_simulated_rows() -> None:
    groups = np.repeat(np.arange(200), 5)
    drawn = [likeness(groups, RANDOM.normal(size=1000), 0) for _ in range(200)]

    assert 0.8 < np.std([share for share, _ in drawn]) / drawn[0][1] < 1.25
