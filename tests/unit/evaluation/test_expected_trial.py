from __future__ import annotations

import numpy as np

from refrain.evaluation.evaluated_model import Holdout
from refrain.evaluation.expected_trial import expect_trial
from refrain.statistics.metrics import METRICS

MAE = METRICS["mae"]


def test_gains_are_those_of_the_metric_on_the_holdout() -> None:
    truth = np.zeros(4)
    champion, challenger = np.array([[1.0], [1.0], [2.0], [2.0]]), np.array([[1.0], [1.0], [1.0], [5.0]])

    expected = expect_trial(MAE, Holdout(truth), champion, challenger, 0.5)

    assert (expected.margin, expected.block) == (0.5, 1)
    assert expected.deviation == np.std([0, 0, 1, -3])
    assert expected.step == np.sqrt((1 + 9) / 2)


def test_gains_that_last_form_blocks_where_rows_have_times_in_whatever_order_they_are() -> None:
    random = np.random.default_rng(0)
    lasting = np.repeat(random.normal(size=60), 50)
    answers = (np.abs(column)[:, np.newaxis] for column in (3 + lasting, 3 + random.normal(0, 0.1, 3000)))
    champion, challenger = answers
    shuffled = random.permutation(3000)

    expected = expect_trial(MAE, Holdout(np.zeros(3000), times=shuffled), champion[shuffled], challenger[shuffled], 0.1)
    without_times = expect_trial(MAE, Holdout(np.zeros(3000)), champion, challenger, 0.1)

    assert expected.block > 50
    assert without_times.block == 1
