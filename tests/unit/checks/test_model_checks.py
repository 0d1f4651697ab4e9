"""A model that memorises, one that knows nothing, and features that it would not miss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from refrain.checks.model_checks import (
    CheckedModel,
    JudgedAnswers,
    find_no_better_than_trivial,
    find_overfit,
    find_useless_features,
)
from refrain.lake.evaluation import Importance
from refrain.statistics.metrics import METRICS

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROWS = 1000
FEATURES = {"signal": [0], "copy": [1], "noise": [2], "constant": [3]}


def model(noise: float = 0.5, holdout_noise: float | None = None, metric: str = "rmse") -> CheckedModel:
    """A model whose answers are the truth with noise; it uses the mean of a signal and its copy."""
    random = np.random.default_rng(4)
    matrix = random.normal(size=(ROWS, 4)).astype(np.float32)
    matrix[:, 1], matrix[:, 3] = matrix[:, 0], 1.0

    def predict(asked: NDArray[np.float32]) -> NDArray[np.float64]:
        return asked[:, :2].mean(axis=1).astype(np.float64) + 0.001 * asked[:, 2]

    def judged(scale: float) -> JudgedAnswers:
        truth = matrix[:, 0] + scale * random.normal(size=ROWS)
        return JudgedAnswers(truth, predict(matrix), np.zeros((ROWS, 1)))

    importance = [Importance(name, loss, 0.0) for name, loss in zip(FEATURES, (0.2, 0.2, 0.0001, 0.0), strict=True)]
    train, holdout = judged(noise), judged(noise if holdout_noise is None else holdout_noise)
    return CheckedModel("forest", METRICS[metric], train, holdout, importance, FEATURES, matrix, predict)


def changed(checked: CheckedModel, **changes: Any) -> CheckedModel:
    return CheckedModel(**{**vars(checked), **changes})


@pytest.mark.parametrize("metric", ["rmse", "mae", "r2"])
def test_a_model_that_loses_its_lead_on_new_rows_is_overfit(metric: str) -> None:
    (finding,) = find_overfit(model(0.1, 1.5, metric))

    assert finding.sentence.startswith(f"forest has {METRICS[metric].title}")
    assert list(find_overfit(model(0.5, 0.5, metric))) == []
    assert list(find_overfit(model(0.5, 0.7, metric))) == []


def test_a_model_that_knows_nothing_is_no_better_than_one_answer_for_all() -> None:
    checked = model()
    shuffled = np.random.default_rng(0).permutation(checked.holdout.truth)
    ignorant = changed(checked, holdout=JudgedAnswers(shuffled, checked.holdout.answers, checked.holdout.trivial))

    assert len(list(find_no_better_than_trivial(ignorant))) == 1
    assert list(find_no_better_than_trivial(checked)) == []
    assert list(find_useless_features(ignorant)) == []


def test_a_useless_feature_is_one_that_varies_and_is_not_missed() -> None:
    (finding,) = find_useless_features(model())

    assert finding.columns == ["noise"]
    assert "1 of 4 features" in finding.sentence


def test_features_that_stand_in_for_each_other_are_not_useless_together() -> None:
    copies = np.repeat(model().matrix[:, :1], 4, axis=1)
    importance = [Importance(name, 0.0, 0.0) for name in FEATURES]

    def predict(asked: NDArray[np.float32]) -> NDArray[np.float64]:
        return np.median(asked[:, :3], axis=1).astype(np.float64)

    (finding,) = find_useless_features(changed(model(), matrix=copies, predict=predict, importance=importance))

    assert finding.columns == ["signal"]
