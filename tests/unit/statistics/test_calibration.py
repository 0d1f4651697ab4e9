"""Calibrated chances are near the truth of what happens, wherever the model is too sure or not sure enough."""

from __future__ import annotations

import numpy as np
import pytest

from refrain.statistics.calibration import Calibration, answer_odds


def draw(random: np.random.Generator, chances: np.ndarray) -> np.ndarray:
    """Draw a class by the chances of each row [rows, classes]."""
    return (chances.cumsum(axis=1) < random.random((len(chances), 1))).sum(axis=1)


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("sureness", [0.4, 1.0, 2.5])
def test_what_a_model_promises_too_surely_is_corrected(classes: int, sureness: float) -> None:
    random = np.random.default_rng(4)
    chances = random.dirichlet(np.full(classes, 0.8), 6000)
    answers = chances**sureness / (chances**sureness).sum(axis=1, keepdims=True)
    truth = draw(random, chances)

    calibrated = Calibration.fit(truth[:4000], answer_odds(answers[:4000])).chances(answer_odds(answers[4000:]))

    assert calibrated.sum(axis=1) == pytest.approx(1)
    assert np.abs(calibrated - chances[4000:]).mean() < (0.012 if classes == 2 or sureness == 1.0 else 0.05)
    assert calibrated.mean(axis=0) == pytest.approx(np.bincount(truth, minlength=classes) / 6000, abs=0.02)


def test_a_row_that_counts_twice_is_as_good_as_two_rows() -> None:
    random = np.random.default_rng(1)
    answers = random.dirichlet([1.0, 1.0], 200)
    truth, counts = draw(random, answers), random.integers(0, 4, 200)

    counted = Calibration.fit(truth, answer_odds(answers), counts.astype(np.float64))
    repeated = Calibration.fit(np.repeat(truth, counts), answer_odds(np.repeat(answers, counts, axis=0)))

    assert counted.lines == pytest.approx(repeated.lines)


@pytest.mark.parametrize("truth", [np.zeros(40, int), np.ones(40, int), np.arange(40) % 2])
def test_certain_answers_and_rows_of_one_class_stay_finite(truth: np.ndarray) -> None:
    certain = np.stack([np.arange(40) % 2 == 0, np.arange(40) % 2 == 1], axis=1).astype(np.float64)

    chances = Calibration.fit(truth, answer_odds(certain)).chances(answer_odds(certain))

    assert np.isfinite(chances).all()
    assert chances[:, 1].mean() == pytest.approx(truth.mean(), abs=0.06)
