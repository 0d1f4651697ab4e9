"""What the report draws is right, and bounded however many rows there are."""

import json
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, roc_auc_score

from refrain.evaluation.curves import (
    MAX_POINTS,
    OTHER_CLASSES,
    calibration_curve,
    confusion,
    describe_curves,
    quantile_bins,
    roc_curve,
)
from refrain.lake.model_curves import Curves, Line
from refrain.statistics.intervals import wilson_interval
from refrain.statistics.metrics import METRICS

type Floats = NDArray[np.float64]


def _binary(rows: int) -> tuple[NDArray[np.int64], Floats]:
    random = np.random.default_rng(0)
    positive = random.uniform(size=rows)
    return (random.uniform(size=rows) < positive).astype(np.int64), np.column_stack([1 - positive, positive])


def test_the_area_under_the_drawn_curve_is_the_metric() -> None:
    truth, probabilities = _binary(20_000)
    drawn = roc_curve(truth, probabilities)
    assert len(drawn.x) <= MAX_POINTS
    assert (drawn.x[0], drawn.y[0], drawn.x[-1], drawn.y[-1]) == (0.0, 0.0, 1.0, 1.0)
    assert np.trapezoid(drawn.y, drawn.x) == pytest.approx(roc_auc_score(truth, probabilities[:, 1]), abs=1e-3)


def test_the_curve_of_many_classes_is_the_mean_of_each_against_the_rest() -> None:
    random = np.random.default_rng(1)
    truth = random.integers(0, 3, 3000)
    probabilities = random.dirichlet(np.ones(3), 3000)
    probabilities[np.arange(3000), truth] += 0.5
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    drawn = roc_curve(truth, probabilities)
    assert len(drawn.x) <= MAX_POINTS
    assert np.trapezoid(drawn.y, drawn.x) == pytest.approx(METRICS["roc_auc"].value(truth, probabilities), abs=5e-3)


@pytest.mark.parametrize("classes", [2, 3])
def test_rows_of_one_class_have_no_curve(classes: int) -> None:
    drawn = roc_curve(np.zeros(4, dtype=np.int64), np.full((4, classes), 1 / classes))
    assert drawn == Line([], [])


def test_a_calibrated_model_lies_within_its_intervals() -> None:
    truth, probabilities = _binary(50_000)
    found = calibration_curve(truth.astype(float), probabilities[:, 1], binary=True)
    inside = [
        low <= answered <= high for low, answered, high in zip(found.low, found.answered, found.high, strict=True)
    ]
    assert sum(inside) >= 8
    assert len(found.rows) == 10
    assert sum(found.rows) == 50_000


def test_equal_answers_are_never_put_into_different_bins() -> None:
    bins = quantile_bins(np.array([0.5] * 50 + [0.7] * 3), 10)
    assert [len(rows) for rows in bins] == [50, 3]
    assert [len(rows) for rows in quantile_bins(np.array([0.5]))] == [1]


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_intervals_of_shares_stay_between_none_and_all(share: float) -> None:
    low, high = wilson_interval(share, 10)
    assert 0 <= low <= share <= high <= 1
    assert high - low > 0.2


def test_the_confusion_matrix_is_that_of_scikit_learn() -> None:
    random = np.random.default_rng(2)
    truth, probabilities = random.integers(0, 4, 300), random.dirichlet(np.ones(4), 300)
    found = confusion(truth, probabilities, ["a", "b", "c", "d"])
    assert found.rows == confusion_matrix(truth, probabilities.argmax(axis=1)).tolist()


def test_rare_classes_are_put_together() -> None:
    random = np.random.default_rng(3)
    truth, probabilities = random.integers(0, 30, 500), random.dirichlet(np.ones(30), 500)
    found = confusion(truth, probabilities, [f"class {each}" for each in range(30)])
    assert len(found.classes) == len(found.rows) == 12
    assert found.classes[-1] == OTHER_CLASSES
    assert sum(map(sum, found.rows)) == 500


@pytest.mark.parametrize(("task", "classes"), [("classification", 2), ("classification", 4), ("regression", 0)])
def test_all_curves_of_a_model_are_small_plain_json(task: Any, classes: int) -> None:
    random = np.random.default_rng(4)
    if task == "regression":
        truth: Any = random.normal(size=30_000)
        answers = (truth + random.normal(size=30_000)).reshape(-1, 1)
        expected = {"calibration", "calibration_of", "residuals"}
    else:
        truth, answers = random.integers(0, classes, 30_000), random.dirichlet(np.ones(classes), 30_000)
        expected = {"roc", "calibration", "calibration_of", "histogram", "confusion"}
    found = describe_curves(task, truth, answers, [f"class {each}" for each in range(classes)])
    content = found.to_json()
    assert {name for name, value in content.items() if value is not None} == expected
    assert Curves.from_json(json.loads(json.dumps(content, allow_nan=False))) == found
    assert len(json.dumps(content)) < 10_000


def test_the_histogram_counts_every_row() -> None:
    truth, probabilities = _binary(1000)
    histogram = describe_curves("classification", truth, probabilities, ["no", "yes"], "yes").histogram
    assert histogram is not None
    assert {name: sum(rows) for name, rows in histogram.series.items()} == {
        "no": int((truth == 0).sum()),
        "yes": int(truth.sum()),
    }
