"""Metrics agree with scikit-learn, with ties and weights, and say when they cannot answer."""

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn import metrics as sk

from refrain.errors import MetricUndefined
from refrain.statistics.metrics import METRICS, choose_metric, choose_metrics

type Floats = NDArray[np.float64]

RUNS = settings(max_examples=60, deadline=None)


@st.composite
def classified(draw: st.DrawFn, classes: int = 0) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Draw truth, probabilities with many ties, and weights."""
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    rows = draw(st.integers(4, 60))
    number = classes or draw(st.integers(3, 5))
    truth = random.integers(0, number, rows)
    coarse = random.integers(1, draw(st.integers(2, 12)) + 1, (rows, number)).astype(float)
    return truth, coarse / coarse.sum(axis=1, keepdims=True), random.integers(1, 5, rows).astype(float)


@RUNS
@given(classified(classes=2), st.integers(0, 1))
def test_binary_metrics_are_those_of_scikit_learn(case: tuple[Any, Any, Any], positive: int) -> None:
    truth, probabilities, weights = case
    assume(0 < truth.sum() < len(truth))
    answered = probabilities.argmax(axis=1)
    expected = {
        "roc_auc": sk.roc_auc_score(truth, probabilities[:, 1], sample_weight=weights),
        "log_loss": sk.log_loss(truth, probabilities, sample_weight=weights, labels=[0, 1]),
        "accuracy": sk.accuracy_score(truth, answered, sample_weight=weights),
        "f1": sk.f1_score(truth, answered, pos_label=positive, sample_weight=weights),
        "average_precision": sk.average_precision_score(
            truth, probabilities[:, positive], pos_label=positive, sample_weight=weights
        ),
        "brier": sk.brier_score_loss(truth, probabilities[:, 1], sample_weight=weights),
        "balanced_accuracy": sk.balanced_accuracy_score(truth, answered, sample_weight=weights),
    }
    for name, value in expected.items():
        assert METRICS[name].bind(positive=positive).value(truth, probabilities, weights) == pytest.approx(
            value, abs=1e-9
        ), name


@RUNS
@given(classified())
def test_metrics_of_many_classes_are_those_of_scikit_learn(case: tuple[Any, Any, Any]) -> None:
    truth, probabilities, weights = case
    classes = probabilities.shape[1]
    assume(len(np.unique(truth)) == classes)
    answered = probabilities.argmax(axis=1)
    expected = {
        "roc_auc": sk.roc_auc_score(truth, probabilities, multi_class="ovr", average="macro", sample_weight=weights),
        "log_loss": sk.log_loss(truth, probabilities, sample_weight=weights),
        "accuracy": sk.accuracy_score(truth, answered, sample_weight=weights),
        "f1": sk.f1_score(truth, answered, average="macro", sample_weight=weights),
        "average_precision": sk.average_precision_score(truth, probabilities, sample_weight=weights),
        "brier": sk.brier_score_loss(truth, probabilities, sample_weight=weights, labels=range(classes)),
        "balanced_accuracy": sk.balanced_accuracy_score(truth, answered, sample_weight=weights),
    }
    for name, value in expected.items():
        assert METRICS[name].value(truth, probabilities, weights) == pytest.approx(value, abs=1e-9), name


@RUNS
@given(seed=st.integers(0, 2**32), rows=st.integers(2, 60), offset=st.sampled_from([0.0, 1e6]))
def test_metrics_of_values_are_those_of_scikit_learn(seed: int, rows: int, offset: float) -> None:
    random = np.random.default_rng(seed)
    truth = random.normal(size=rows) + offset
    answers = truth + random.normal(size=rows)
    weights = random.integers(1, 5, rows).astype(float)
    expected = {
        "rmse": sk.root_mean_squared_error(truth, answers, sample_weight=weights),
        "mae": sk.mean_absolute_error(truth, answers, sample_weight=weights),
        "r2": sk.r2_score(truth, answers, sample_weight=weights),
        "mape": sk.mean_absolute_percentage_error(truth, answers, sample_weight=weights),
        **{
            f"pinball@{share}": sk.mean_pinball_loss(truth, answers, alpha=share, sample_weight=weights)
            for share in (0.05, 0.5, 0.9)
        },
    }
    for name, value in expected.items():
        assert METRICS[name].value(truth, answers.reshape(-1, 1), weights) == pytest.approx(value, rel=1e-6), name


@RUNS
@given(classified())
def test_a_weight_counts_as_so_many_copies_of_the_row(case: tuple[Any, Any, Any]) -> None:
    truth, probabilities, weights = case
    weights[0] = 0
    copies = np.repeat(np.arange(len(truth)), weights.astype(int))
    assume(1 < len(np.unique(truth)) == len(np.unique(truth[copies])))
    for name in ("log_loss", "accuracy", "roc_auc"):
        metric = METRICS[name]
        copied = metric.value(truth[copies], probabilities[copies])
        assert metric.value(truth, probabilities, weights) == pytest.approx(copied), name


def test_all_resamples_at_once_are_what_each_is_alone() -> None:
    random = np.random.default_rng(1)
    truth, probabilities = random.integers(0, 3, 40), random.dirichlet(np.ones(3), 40)
    weights = random.integers(0, 3, (5, 40)).astype(float)
    for name in ("roc_auc", "log_loss", "accuracy", "f1"):
        together = METRICS[name].score(truth, probabilities)(weights)
        alone = [METRICS[name].value(truth, probabilities, line) for line in weights]
        assert together == pytest.approx(alone), name


def test_a_class_that_does_not_occur_is_left_out_of_the_mean() -> None:
    truth = np.array([0, 1, 0, 1])
    probabilities = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.7, 0.1], [0.3, 0.6, 0.1]])
    with_two = METRICS["roc_auc"].value(truth, probabilities)
    each = [sk.roc_auc_score(truth == label, probabilities[:, label]) for label in (0, 1)]
    assert with_two == pytest.approx(np.mean(each))


@pytest.mark.parametrize(
    ("name", "truth", "answers", "said"),
    [
        ("roc_auc", [1, 1, 1], [[0.5, 0.5]] * 3, "one class only"),
        ("roc_auc", [2, 2, 2], [[0.2, 0.3, 0.5]] * 3, "one class only"),
        ("f1", [0, 0, 0], [[0.9, 0.1]] * 3, "positive class"),
        ("r2", [5.0, 5.0], [4.0, 5.0], "same in all rows"),
        ("rmse", [], [], "no rows"),
        ("mape", [1.0, 0.0], [1.0, 1.0], "the target is 0 in a row"),
        ("average_precision", [0, 0], [[0.9, 0.1]] * 2, "no row has the positive class"),
        ("accuracy", [0, 1], [[0.5, 0.5], [np.nan, 1.0]], "1 of its answers are not numbers"),
        ("mae", [1.0, 2.0], [np.inf, 2.0], "1 of its answers are not numbers"),
    ],
)
def test_rows_that_cannot_give_a_figure_are_told(name: str, truth: Any, answers: Any, said: str) -> None:
    with warnings.catch_warnings(), pytest.raises(MetricUndefined, match=said):
        warnings.simplefilter("error")
        METRICS[name].bind(positive=1 if name in {"f1", "average_precision"} else None).value(
            np.array(truth), np.array(answers)
        )


def test_a_gain_is_positive_when_better_whichever_way_the_metric_goes() -> None:
    assert METRICS["roc_auc"].gain(0.9, 0.8) > 0
    assert METRICS["rmse"].gain(8.0, 9.0) > 0


def test_a_decision_costs_what_the_definition_says_or_one_where_it_is_wrong() -> None:
    metric = choose_metric("cost", ["fraud", "ok"], None, {"fraud": {"ok": 100.0}})
    answers = np.array([[0.005, 0.995], [0.02, 0.98], [1.0, 0.0]])  # ok, fraud, fraud
    assert metric.influence(np.array([0, 1, 0]), answers).tolist() == [100, 1, 0]


@RUNS
@given(classified())
def test_without_costs_the_cost_is_the_share_of_wrong_labels(case: tuple[Any, Any, Any]) -> None:
    truth, probabilities, weights = case
    cost = choose_metric("cost", "abcde"[: probabilities.shape[1]], None, {})
    accuracy = METRICS["accuracy"].value(truth, probabilities, weights)
    assert cost.value(truth, probabilities, weights) == pytest.approx(1 - accuracy)


@RUNS
@given(classified(classes=3), st.integers(0, 1))
def test_a_class_that_the_version_does_not_know_changes_no_meaning(case: tuple[Any, Any, Any], positive: int) -> None:
    truth, probabilities, _ = case
    for name in ("f1", "roc_auc", "average_precision", "brier"):
        metric = choose_metric(name, ["no", "yes", "new"], ["no", "yes"][positive], {})
        chance = probabilities[:, positive]
        answered = probabilities.argmax(axis=1) == positive if name == "f1" else chance
        two = np.stack([1 - answered, answered], axis=1)
        try:
            expected = METRICS[name].bind(positive=1).value(np.where(truth == positive, 1, 0), two)
        except MetricUndefined:
            continue
        assert metric.value(truth, probabilities) == pytest.approx(expected), name


def test_metrics_that_say_nothing_are_left_out_unless_they_decide() -> None:
    assert "cost" not in choose_metrics("roc_auc", ["a", "b"], "b", {})
    assert "cost" in choose_metrics("roc_auc", ["a", "b"], "b", {"a": {"b": 5.0}})
    assert [name for name in choose_metrics("pinball@0.9", [], None, {}) if "@" in name] == ["pinball@0.9"]
