"""The estimated metric is near the measured one if the probabilities are calibrated."""

from __future__ import annotations

import numpy as np
import pytest

from refrain.evaluation.curves import calibration_curve
from refrain.statistics.calibration import calibrate, expected_metric, pool_falling_shares
from refrain.statistics.metrics import METRICS


@pytest.mark.parametrize("metric", ["roc_auc", "log_loss", "accuracy", "f1"])
@pytest.mark.parametrize("classes", [2, 4])
def test_the_estimate_of_a_calibrated_model_is_what_labels_will_say(metric: str, classes: int) -> None:
    random = np.random.default_rng(3)
    chances = random.dirichlet(np.full(classes, 0.5), 6000)
    truth = (chances.cumsum(axis=1) > random.random((6000, 1))).argmax(axis=1)

    value, (low, high) = expected_metric(METRICS[metric], chances, chances, 0.95)

    assert value == pytest.approx(METRICS[metric].value(truth, chances), abs=0.02)
    assert low < value < high


def test_an_overconfident_model_is_corrected_by_its_holdout() -> None:
    # Given a model that says 0.95 where 0.8 is right
    random = np.random.default_rng(4)
    chance = random.uniform(0, 1, 8000)
    answered = 1 / (1 + np.exp(-2.5 * np.log(chance / (1 - chance))))
    happened = (random.random(8000) < chance).astype(np.float64)
    curve = calibration_curve(happened[:4000], answered[:4000], binary=True)
    answers = np.column_stack([1 - answered, answered])[4000:]
    measured = METRICS["accuracy"].value(happened[4000:].astype(np.int64), answers)
    # When its accuracy is estimated
    corrected = calibrate(answers, curve.answered, curve.observed, curve.rows, positive=1)
    estimated, _ = expected_metric(METRICS["accuracy"], answers, corrected, 0.95)
    believed, _ = expected_metric(METRICS["accuracy"], answers, answers, 0.95)
    # Then the estimate is near the measured one, and far from what the model's own probabilities promise
    assert estimated == pytest.approx(measured, abs=0.02)
    assert believed > measured + 0.08


def test_corrected_probabilities_add_up_to_one_even_where_the_model_was_certain() -> None:
    answers = np.array([[0.0, 1.0], [1.0, 0.0], [0.5, 0.5]])
    corrected = calibrate(answers, answered=[0.1, 0.9], observed=[0.2, 0.7], rows=[5, 5])
    assert corrected.sum(axis=1) == pytest.approx(1)
    assert corrected[0].tolist() == pytest.approx([0.3, 0.7])


def test_shares_that_fall_are_pooled() -> None:
    assert pool_falling_shares([0.9, 0.1], [30, 10]) == [0.7, 0.7]
