"""Estimated quality is the measured one, where a model knows how sure it may be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from preprocessing import parse_definition
from refrain.evaluation.curves import calibration_curve
from refrain.lake.evaluation import CalibrationBins
from refrain.monitoring.estimated_quality import calibrate, expected_metric, pool_falling_shares
from refrain.statistics.metrics import METRICS
from tests.unit.monitoring.conftest import DOCUMENT


def definition(metric: str) -> Any:
    training = {**DOCUMENT["training"], "metric": metric}
    return parse_definition("shop", {**DOCUMENT, "training": training, "gate": {}}, "shop.toml")


@pytest.mark.parametrize("metric", ["roc_auc", "log_loss", "accuracy", "f1"])
@pytest.mark.parametrize("classes", [2, 4])
def test_the_estimate_of_a_calibrated_model_is_what_labels_will_say(metric: str, classes: int) -> None:
    random = np.random.default_rng(3)
    chances = random.dirichlet(np.full(classes, 0.5), 6000)
    truth = (chances.cumsum(axis=1) > random.random((6000, 1))).argmax(axis=1)

    found = expected_metric(definition(metric), chances, chances)

    assert found.value == pytest.approx(METRICS[metric].value(truth, chances), abs=0.02)
    assert found.low < found.value < found.high


def test_an_overconfident_model_is_corrected_by_its_holdout() -> None:
    # Given a model that says 0.95 where 0.8 is right
    random = np.random.default_rng(4)
    chance = random.uniform(0, 1, 8000)
    said = 1 / (1 + np.exp(-2.5 * np.log(chance / (1 - chance))))
    happened = (random.random(8000) < chance).astype(np.float64)
    bins = calibration_curve(happened[:4000], said[:4000], binary=True)
    answers = np.column_stack([1 - said, said])[4000:]
    measured = METRICS["accuracy"].value(happened[4000:].astype(np.int64), answers)
    # When its accuracy is estimated
    corrected = calibrate(answers, bins, "the probability of true", ("false", "true"))
    found = expected_metric(definition("accuracy"), answers, corrected).value
    believed = expected_metric(definition("accuracy"), answers, answers).value
    # Then the estimate is near the measured one, and not what the model believes of itself
    assert found == pytest.approx(measured, abs=0.02)
    assert believed > measured + 0.08


def test_corrected_probabilities_add_up_to_one_even_where_the_model_was_certain() -> None:
    bins = CalibrationBins(answered=[0.1, 0.9], observed=[0.2, 0.7], low=[], high=[], rows=[5, 5])
    answers = np.array([[0.0, 1.0], [1.0, 0.0], [0.5, 0.5]])
    corrected = calibrate(answers, bins, "the probability of the answered label", ("no", "yes"))
    assert corrected.sum(axis=1) == pytest.approx(1)
    assert corrected[0].tolist() == pytest.approx([0.3, 0.7])


def test_shares_that_fall_are_pooled() -> None:
    assert pool_falling_shares([0.9, 0.1], [30, 10]) == [0.7, 0.7]
