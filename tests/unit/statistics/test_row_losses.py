"""Each metric has a loss of rows that a mean can be taken of, greater where the answer is worse."""

from __future__ import annotations

import numpy as np
import pytest

from refrain.statistics.metrics import METRICS, choose_metric
from refrain.statistics.row_losses import loss_title, row_losses, signed_errors


@pytest.mark.parametrize("name", [name for name, metric in METRICS.items() if metric.task == "classification"])
def test_a_wrong_and_sure_answer_loses_more_than_a_right_one(name: str) -> None:
    metric = choose_metric(name, ["no", "yes"], "yes", {})
    truth, answers = np.array([1, 1, 0, 0]), np.array([[0.1, 0.9], [0.9, 0.1], [0.8, 0.2], [0.2, 0.8]])

    losses = row_losses(metric, truth, answers)

    assert losses[0] < losses[1]
    assert losses[2] < losses[3]
    assert signed_errors(metric, truth, answers) == pytest.approx([0.1, 0.9, -0.2, -0.8])
    assert loss_title(metric)


@pytest.mark.parametrize("name", [name for name, metric in METRICS.items() if metric.task == "regression"])
def test_a_value_far_off_loses_more_than_one_nearby(name: str) -> None:
    truth, answers = np.array([3.0, 3.0, 5.0]), np.array([[3.1], [6.0], [5.0]])

    losses = row_losses(METRICS[name], truth, answers)

    assert losses[0] < losses[1]
    assert losses[2] == 0
    assert signed_errors(METRICS[name], truth, answers) == pytest.approx([-0.1, -3.0, 0.0])


def test_of_many_classes_the_answered_one_is_the_signed_error() -> None:
    answers = np.array([[0.6, 0.3, 0.1], [0.2, 0.3, 0.5]])

    assert signed_errors(METRICS["log_loss"], np.array([0, 0]), answers) == pytest.approx([0.4, -0.5])
