"""Importance says what a model relies on, as surely as five shuffles of 5,000 rows would, and asks no row in vain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from refrain.evaluation import importance
from refrain.evaluation.importance import choose_shuffles, permutation_importance
from refrain.statistics.metrics import METRICS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from refrain.arrays import Floats, Truth

    type Matrix = NDArray[np.float32]

FEATURES = {"much": [0], "little": [1], "unused": [2]}
ROWS_OF_OLD, SHUFFLES_OF_OLD = 5_000, 5


def draw_rows(random: np.random.Generator, rows: int, task: str) -> tuple[Matrix, Truth]:
    matrix = random.normal(size=(rows, len(FEATURES))).astype(np.float32)
    if task == "regression":
        return matrix, 3 * matrix[:, 0] + matrix[:, 1] + random.normal(size=rows)
    return matrix, (random.uniform(size=rows) < probability(matrix)[:, 1]).astype(np.int64)


def probability(matrix: Matrix) -> Floats:
    positive = 1 / (1 + np.exp(-1.5 * matrix[:, 0].astype(float) - 0.5 * matrix[:, 1] * matrix[:, 0] + 1))
    return np.column_stack([1 - positive, positive])


def value(matrix: Matrix) -> Floats:
    return (3 * matrix[:, [0]] + matrix[:, [1]]).astype(np.float64)


def losses_of(matrix: Matrix, truth: Truth, name: str, seed: int) -> tuple[list[float], list[float]]:
    predict = value if METRICS[name].task == "regression" else probability
    measured = permutation_importance(predict, matrix, predict(matrix), truth, METRICS[name], FEATURES, seed)
    by_feature = {item.feature: item for item in measured}
    return [by_feature[name].loss for name in FEATURES], [by_feature[name].standard_error for name in FEATURES]


def plain_losses(matrix: Matrix, truth: Truth, name: str, random: np.random.Generator) -> list[float]:
    """The textbook's way: all rows are asked again for each of five shuffles."""
    metric = METRICS[name]
    predict = value if metric.task == "regression" else probability
    whole, losses = metric.value(truth, predict(matrix)), []
    for index in range(len(FEATURES)):
        figures = []
        for _ in range(SHUFFLES_OF_OLD):
            shuffled = matrix.copy()
            shuffled[:, index] = random.permutation(matrix[:, index])
            figures.append(metric.value(truth, predict(shuffled)))
        losses.append(metric.gain(whole, float(np.mean(figures))))
    return losses


@pytest.mark.parametrize(("name", "rows"), [("mae", 6_000), ("roc_auc", 10_000)])
def test_fewer_shuffles_of_more_rows_are_as_sure(name: str, rows: int) -> None:
    draws, random = 50, np.random.default_rng(rows)
    plain, ours = [], []
    for seed in range(draws):
        matrix, truth = draw_rows(random, rows, METRICS[name].task)
        plain.append(plain_losses(matrix[:ROWS_OF_OLD], truth[:ROWS_OF_OLD], name, random)[:2])
        ours.append(losses_of(matrix, truth, name, seed)[0][:2])

    deviation, before = np.std(ours, axis=0, ddof=1), np.std(plain, axis=0, ddof=1)
    assert np.all(deviation < before * (1 + 3 / np.sqrt(2 * draws)))
    assert np.allclose(np.mean(ours, axis=0), np.mean(plain, axis=0), atol=4 * before.max() / np.sqrt(draws))


@pytest.mark.parametrize("name", ["mae", "roc_auc", "f1"])
@pytest.mark.parametrize("shuffles", [1, 5])
def test_the_standard_error_is_that_of_other_rows(name: str, shuffles: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importance, "choose_shuffles", lambda _rows: shuffles)
    draws, random = 150, np.random.default_rng(0)
    rows = [draw_rows(random, 400, METRICS[name].task) for _ in range(draws)]
    losses, errors = np.array([losses_of(*drawn, name, seed) for seed, drawn in enumerate(rows)]).swapaxes(0, 1)

    ratio = errors.mean(axis=0)[:2] / losses.std(axis=0, ddof=1)[:2]
    assert np.all(np.abs(np.log(ratio)) < 3.5 / np.sqrt(2 * draws)), ratio


def test_it_finds_what_the_model_uses_and_leaves_the_matrix_alone() -> None:
    matrix, truth = draw_rows(np.random.default_rng(5), 500, "regression")
    kept = matrix.copy()

    measured = permutation_importance(value, matrix, value(matrix), truth, METRICS["rmse"], FEATURES)

    assert [item.feature for item in measured] == list(FEATURES)
    assert measured[0].loss > 2 * measured[1].loss > 0
    assert (measured[2].loss, measured[2].standard_error) == (0.0, 0.0)
    assert np.array_equal(matrix, kept)
    assert measured == permutation_importance(value, matrix, value(matrix), truth, METRICS["rmse"], FEATURES)


def test_only_rows_that_get_another_value_are_asked_again() -> None:
    random = np.random.default_rng(1)
    matrix, truth = draw_rows(random, 400, "regression")
    matrix[:, 1] = np.where(random.uniform(size=400) < 0.9, np.nan, 1)
    matrix[:, 2] = 7
    asked = []

    def predict(rows: Matrix) -> Floats:
        asked.append(len(rows))
        return value(np.nan_to_num(rows))

    measured = permutation_importance(predict, matrix, value(np.nan_to_num(matrix)), truth, METRICS["mae"], FEATURES)

    assert len(asked) == 2 * choose_shuffles(400), "a constant is never asked"
    assert max(asked[5:]) < 0.3 * 400, "nine in ten values are missing, and stay so"
    assert measured[-1].loss == 0


@pytest.mark.parametrize("truth", [np.zeros(10, dtype=np.int64), np.repeat([0, 1], 5)])
def test_rows_without_a_figure_have_no_importance(truth: Any) -> None:
    matrix = np.arange(10, dtype=np.float32).reshape(10, 1)
    answers = np.full((10, 2), np.nan) if truth.any() else np.full((10, 2), 0.5)
    assert permutation_importance(lambda _: answers, matrix, answers, truth, METRICS["roc_auc"], {"a": [0]}) == []


def test_the_columns_of_a_feature_are_shuffled_together() -> None:
    draw = np.random.default_rng(0)
    first, other = draw.normal(size=(2, 400))
    matrix = np.stack([first, first, other], axis=1).astype(np.float32)

    def predict(rows: Any) -> Any:
        return np.minimum(rows[:, :1], rows[:, 1:2]).astype(np.float64) + (rows[:, :1] != rows[:, 1:2]) * 100

    measured = permutation_importance(
        predict,
        matrix,
        predict(matrix),
        matrix[:, 0].astype(np.float64),
        METRICS["rmse"],
        {"text": [0, 1], "other": [2]},
    )

    assert [item.feature for item in measured] == ["text", "other"]
    assert 0 < measured[0].loss < 5  # never are the two columns from different rows
