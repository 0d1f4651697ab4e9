"""The trivial predictor answers with the constant that no other constant beats on its training rows."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refrain.errors import MetricUndefined
from refrain.statistics.metrics import METRICS, Metric, choose_metric
from refrain.statistics.trivial_predictor import learn_trivial_answer

CLASSES = [
    choose_metric(name, "abcd", None, {"a": {"b": 5.0}})
    for name, metric in METRICS.items()
    if metric.task == "classification"
]
VALUES = [METRICS[name] for name in ("rmse", "mae", "r2", "mape", "pinball@0.9")]

RUNS = settings(max_examples=25, deadline=None)


def on_all_rows(metric: Metric, target: Any, answer: Any) -> float:
    try:
        return metric.gain(metric.value(target, np.tile(answer, (len(target), 1))), 0.0)
    except MetricUndefined:
        return -np.inf


@RUNS
@pytest.mark.parametrize("metric", CLASSES, ids=lambda metric: metric.name)
@given(seed=st.integers(0, 2**32), rows=st.integers(2, 80))
def test_no_constant_probabilities_are_better(metric: Metric, seed: int, rows: int) -> None:
    random = np.random.default_rng(seed)
    target = random.choice(4, rows, p=random.dirichlet(np.ones(4)))
    answer = learn_trivial_answer(metric, target, 4)
    assert answer.sum() == pytest.approx(1)
    own = on_all_rows(metric, target, answer)
    for other in random.dirichlet(np.ones(4), 10):
        assert on_all_rows(metric, target, other) <= own + 1e-9


@RUNS
@pytest.mark.parametrize("metric", VALUES, ids=lambda metric: metric.name)
@given(seed=st.integers(0, 2**32), rows=st.integers(2, 80))
def test_no_constant_value_is_better(metric: Metric, seed: int, rows: int) -> None:
    random = np.random.default_rng(seed)
    target = random.gamma(1, 3, rows) + 0.1
    own = on_all_rows(metric, target, learn_trivial_answer(metric, target))
    for other in random.uniform(target.min(), target.max(), 30):
        assert on_all_rows(metric, target, np.array([other])) <= own + 1e-9


def test_a_rare_event_has_its_share_as_answer_and_all_certainty_where_labels_count() -> None:
    target = np.array([1] * 5 + [0] * 95)
    assert learn_trivial_answer(METRICS["log_loss"], target, 2).tolist() == [0.95, 0.05]
    assert learn_trivial_answer(METRICS["roc_auc"], target, 2).tolist() == [0.95, 0.05]
    assert learn_trivial_answer(METRICS["f1"].bind(positive=1), target, 2).tolist() == [0.0, 1.0]
    assert learn_trivial_answer(METRICS["f1"].bind(positive=0), target, 2).tolist() == [0.95, 0.05]
