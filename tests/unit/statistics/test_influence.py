"""Influence values: their mean is the figure, their spread its sampling error, for every metric and shape of data."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from refrain.errors import MetricUndefined
from refrain.statistics.metrics import METRICS, Metric, choose_metric
from tests.resampling import resample

type Case = tuple[Any, Any]

NAMES = [name for name, metric in METRICS.items() if metric.task == "classification"]
CLASSES = [choose_metric(name, "abcd", None, {"a": {"b": 5.0}}) for name in NAMES]
EVENTS = [choose_metric(name, ["no", "yes"], "yes", {"yes": {"no": 9.0}}) for name in NAMES]
VALUES = [METRICS[name] for name in ("rmse", "mae", "r2", "mape", "pinball@0.9")]
LISTS = [metric for metric in METRICS.values() if metric.name in {"ndcg@5", "recall@5", "hit_rate@5"}]


def events(rows: int, share: float, levels: int | None, random: np.random.Generator) -> Case:
    """Two classes, the second with `share`; answers rounded to `levels` values tie."""
    signal = random.normal(size=rows) + np.log(share / (1 - share))
    truth = (random.random(rows) < 1 / (1 + np.exp(-2 * signal))).astype(np.int64)
    event = 1 / (1 + np.exp(-signal - random.normal(0, 0.5, rows)))
    event = event if levels is None else np.clip(np.round(event * levels) / levels, 0.01, 0.99)
    return truth, np.stack([1 - event, event], axis=1)


def classes(rows: int, number: int, random: np.random.Generator) -> Case:
    truth = random.integers(0, number, rows)
    answers = random.dirichlet(np.ones(number), rows) + 0.5 * np.eye(number)[truth]
    return truth, answers / answers.sum(axis=1, keepdims=True)


def amounts(rows: int, random: np.random.Generator) -> Case:
    truth = random.gamma(2, 3, rows) + 1
    return truth, truth + random.standard_t(5, rows)


def lists(rows: int, random: np.random.Generator) -> Case:
    return random.integers(1, 9, rows), (random.random((rows, 5)) < 0.2).astype(float)


CASES: list[tuple[str, list[Metric], Callable[[int, np.random.Generator], Case]]] = [
    ("even", EVENTS, lambda rows, random: events(rows, 0.5, None, random)),
    ("rare", EVENTS, lambda rows, random: events(rows, 0.05, None, random)),
    ("tied", EVENTS, lambda rows, random: events(rows, 0.3, 4, random)),
    ("four classes", CLASSES, lambda rows, random: classes(rows, 4, random)),
    ("amounts", VALUES, amounts),
    ("lists", LISTS, lists),
]
EACH = [pytest.param(metric, draw, id=f"{kind} {metric.name}") for kind, metrics, draw in CASES for metric in metrics]


@pytest.mark.parametrize(("metric", "draw"), EACH)
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32), rows=st.integers(2, 60))
def test_the_mean_of_the_influences_is_the_figure(metric: Metric, draw: Any, seed: int, rows: int) -> None:
    truth, answers = draw(rows, np.random.default_rng(seed))
    try:
        value = metric.value(truth, answers)
    except MetricUndefined:
        with pytest.raises(MetricUndefined):
            metric.influence(truth, answers)
        assume(False)
    influence = metric.influence(truth, answers)
    assert influence.shape == (rows,)
    assert influence.mean() == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize(("metric", "draw"), EACH)
def test_an_influence_is_the_slope_of_the_figure_by_the_weight_of_its_row(metric: Metric, draw: Any) -> None:
    truth, answers = draw(200, np.random.default_rng(5))
    score, influence, step = metric.score(truth, answers), metric.influence(truth, answers), 1e-5
    heavier, lighter = 1 + step * np.eye(200), 1 - step * np.eye(200)
    slopes = (score(heavier) - score(lighter)) / (2 * step)
    assert influence == pytest.approx(metric.value(truth, answers) + 200 * slopes, abs=1e-5)


@pytest.mark.parametrize(("metric", "draw"), EACH)
def test_the_spread_of_the_influences_is_the_sampling_error_of_the_figure(metric: Metric, draw: Any) -> None:
    truth, answers = draw(2500, np.random.default_rng(11))
    influence = metric.influence(truth, answers)
    figures = resample(metric.score(truth, answers), len(truth), 1500)
    assert influence.std() / np.sqrt(len(truth)) == pytest.approx(figures.std(), rel=0.08)


def test_a_model_without_errors_moves_no_figure() -> None:
    truth = np.array([1.0, 2.0, 4.0])
    assert METRICS["rmse"].influence(truth, truth).tolist() == [0.0, 0.0, 0.0]
    assert METRICS["r2"].influence(truth, truth).tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("metric", EVENTS, ids=lambda metric: metric.name)
def test_influences_take_no_time_for_each_pair_of_rows(metric: Metric) -> None:
    truth, answers = events(200_000, 0.1, None, np.random.default_rng(3))
    start = time.process_time()
    metric.influence(truth, answers)
    assert time.process_time() - start < 2  # pairs would take a minute
