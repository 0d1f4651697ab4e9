"""The parts of a rise sum up to it, and are those that were planted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from refrain.statistics.loss_rise import LossRows, rise_deviation, shapley_weights, split_rise
from refrain.statistics.moved_rows import changed_features, measure_log_ratios, share_cells
from refrain.statistics.rise_cause import find_cause


def rows(seed: int, count: int = 3000, shift: float = 0.0) -> LossRows:
    """Draw three features of which the second follows the first, and a loss that grows with the first."""
    random = np.random.default_rng(seed)
    first = random.normal(shift, 1, count)
    matrix = np.column_stack([first, first + random.normal(0, 0.5, count), random.normal(size=count)])
    errors = random.normal(0, 1 + np.maximum(first, 0), count)
    return LossRows(matrix.astype(np.float32), errors**2, errors, np.arange(count))


def test_parts_sum_up_to_the_rise_whatever_changed() -> None:
    before, now = rows(1), rows(2, 2000, shift=1.0)
    now.matrix[:, 2] *= 1000
    shared = share_cells(before.matrix, now.matrix)
    ratios = measure_log_ratios(shared, changed_features(shared), (before.folds, now.folds))

    split = split_rise(before, now, ratios, 0.95)

    assert set(ratios.features) == {0, 1, 2}
    assert split.rise.value == pytest.approx(now.losses.mean() - before.losses.mean())
    assert split.inputs.value + split.meaning.value == pytest.approx(split.rise.value)
    assert sum(part.value for part in split.features.values()) == pytest.approx(split.inputs.value)


def test_a_shift_belongs_to_the_feature_that_shifted_and_not_to_the_one_that_follows_it() -> None:
    cause = find_cause(rows(3), rows(4, 2000, shift=1.0), 0.95)

    assert cause is not None
    assert not cause.meaning_first
    assert cause.first == 0
    assert cause.split.inputs.value > 0.8 * cause.split.rise.value
    assert cause.split.meaning.interval.low < 0 < cause.split.inputs.interval.low


def test_a_feature_to_ignore_is_no_cause() -> None:
    before, now = rows(5), rows(6, 2000)
    now.matrix[:, 2] += 1000
    later = replace(now, losses=now.losses + 1)

    named, ignored = find_cause(before, later, 0.95), find_cause(before, later, 0.95, ignore=[2])

    assert named is not None
    assert ignored is not None
    assert named.first == 2
    assert ignored.meaning_first
    assert ignored.first is None


def test_dependent_rows_are_less_sure() -> None:
    before, now = rows(7, 2000), rows(8, 2000)
    risen = replace(now, losses=now.losses + np.repeat(np.random.default_rng(0).normal(0.4, 1.5, 20), 100))

    alone = rise_deviation(before, risen)
    together = rise_deviation(before, replace(risen, units=np.arange(2000) // 100))

    assert alone > 2 * together


@pytest.mark.parametrize("features", [0, 1, 2, 3, 5])
def test_values_of_features_sum_up_to_the_worth_of_all_and_an_idle_one_has_none(features: int) -> None:
    random = np.random.default_rng(features)
    subsets = np.arange(2**features)
    worth = random.normal(size=2**features)[subsets & ~1] if features else np.zeros(1)  # the first feature is idle
    worth[0] = 0.0
    if features:
        worth[1] = 0.0

    values = shapley_weights(features) @ worth

    assert values.sum() == pytest.approx(worth[-1])
    assert values[:1] == pytest.approx(np.zeros(min(features, 1)))
