"""Intervals are the same whenever they are asked, as wide as theory says, and know that rows may belong together."""

from __future__ import annotations

import numpy as np
import pytest

from refrain.errors import MetricUndefined
from refrain.statistics import intervals
from refrain.statistics.intervals import bootstrap_interval, bootstrap_intervals, percentile_interval
from refrain.statistics.metrics import METRICS


def test_an_interval_is_the_same_however_the_work_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    score = METRICS["mae"].score(np.zeros(50), np.abs(np.random.default_rng(0).normal(size=50)))
    whole = bootstrap_interval(score, 50, 0.95, 40)

    monkeypatch.setattr(intervals, "MAX_HELD_WEIGHTS", 170)

    assert bootstrap_interval(score, 50, 0.95, 40) == whole


def test_the_interval_of_a_mean_is_as_wide_as_theory_says_and_that_of_its_resamples() -> None:
    values = np.abs(np.random.default_rng(1).normal(size=(900, 1)))

    (interval,) = bootstrap_intervals(values, np.arange(900), 0.95)

    assert interval.high - interval.low == pytest.approx(2 * 1.96 * values.std() / 30, rel=0.08)
    assert interval.low < values.mean() < interval.high
    assert interval == pytest.approx(bootstrap_interval(METRICS["mae"].score(np.zeros(900), values), 900, 0.95))


@pytest.mark.parametrize("name", ["roc_auc", "f1", "log_loss", "accuracy"])
def test_the_interval_of_influence_values_is_that_of_the_figure(name: str) -> None:
    random = np.random.default_rng(4)
    truth = (random.random(800) < 0.3).astype(np.int64)
    event = 1 / (1 + np.exp(1 - 2 * truth + random.normal(size=800)))
    answers, metric = np.stack([1 - event, event], axis=1), METRICS[name]

    (linear,) = bootstrap_intervals(metric.influence(truth, answers)[:, np.newaxis], np.arange(800), 0.95)

    exact = bootstrap_interval(metric.score(truth, answers), 800, 0.95)
    assert linear == pytest.approx(exact, abs=0.15 * (exact.high - exact.low))


def test_rows_that_belong_together_are_drawn_together_and_say_less() -> None:
    customers = np.repeat(np.arange(40), 25)
    errors = np.repeat(np.abs(np.random.default_rng(2).normal(size=40)), 25)[:, np.newaxis]

    (by_row,), (by_customer,) = (bootstrap_intervals(errors, units, 0.95) for units in (np.arange(1000), customers))

    # about five times as wide (the root of 25)
    assert (by_customer.high - by_customer.low) / (by_row.high - by_row.low) == pytest.approx(5, rel=0.25)


def test_undefined_resamples_are_left_out() -> None:
    assert percentile_interval(np.array([np.nan, 1.0, 1.0]), 0.9) == (1.0, 1.0)
    with pytest.raises(MetricUndefined):
        percentile_interval(np.array([np.nan]), 0.9)
