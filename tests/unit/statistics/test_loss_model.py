"""A model of losses: what it learns from features, and that it does not judge rows by themselves."""

from __future__ import annotations

import time

import numpy as np
import pytest

from refrain.statistics.loss_model import MIN_LEAF_ROWS, expect_losses, fit_loss_model


def test_losses_that_depend_on_values_on_pairs_and_on_missing_values_are_learned() -> None:
    random = np.random.default_rng(0)
    matrix = random.normal(size=(8000, 6)).astype(np.float32)
    matrix[random.random(matrix.shape) < 0.1] = np.nan

    def true_loss(rows: np.ndarray) -> np.ndarray:
        steep = np.where(rows[:, 0] > 0.5, 2.0, 0.0) * (rows[:, 1] > 0)
        return 1 + steep + np.where(np.isnan(rows[:, 2]), 3.0, 0.0)

    model = fit_loss_model(matrix[:4000], true_loss(matrix[:4000]) * random.exponential(1, 4000))

    truth, expected = true_loss(matrix[4000:]), model.expect(matrix[4000:])
    assert np.mean((expected - truth) ** 2) < 0.15 * np.var(truth)


@pytest.mark.parametrize("rows", [1, 2, MIN_LEAF_ROWS, 3 * MIN_LEAF_ROWS])
@pytest.mark.parametrize("value", [np.nan, 0.0, 3e38])
def test_features_without_a_difference_give_the_mean(rows: int, value: float) -> None:
    matrix = np.full((rows, 2), value, np.float32)
    losses = np.arange(rows, dtype=np.float64)

    assert fit_loss_model(matrix, losses).expect(matrix) == pytest.approx(losses.mean())


def test_no_row_is_expected_by_its_own_loss() -> None:
    random = np.random.default_rng(1)
    matrix, losses = random.normal(size=(2000, 5)).astype(np.float32), random.exponential(1, 2000)

    own = fit_loss_model(matrix, losses).expect(matrix)
    crossed, later = expect_losses(matrix, losses, np.arange(2000) % 2, matrix)

    assert np.corrcoef(own, losses)[0, 1] > 0.2
    assert abs(np.corrcoef(crossed, losses)[0, 1]) < 0.1
    assert later.mean() == pytest.approx(losses.mean(), rel=0.02)


def test_a_report_can_afford_it() -> None:
    random = np.random.default_rng(2)
    matrix = random.normal(size=(20_000, 15)).astype(np.float32)
    began = time.process_time()
    fit_loss_model(matrix, random.exponential(1, 20_000))

    assert time.process_time() - began < 5
