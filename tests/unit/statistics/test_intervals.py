"""Intervals are as wide as theory says, and know that rows may belong together."""

from __future__ import annotations

import numpy as np
import pytest

from refrain.errors import MetricUndefined
from refrain.statistics.intervals import mean_interval, percentile_interval
from refrain.statistics.metrics import METRICS
from tests.resampling import resample


@pytest.mark.parametrize("rows", [5, 30, 900])
def test_the_interval_of_a_mean_holds_it_as_often_as_it_says(rows: int) -> None:
    samples = np.random.default_rng(1).normal(size=(2000, rows))

    intervals = [mean_interval(values, np.arange(rows), 0.9) for values in samples]

    assert np.mean([low <= 0 <= high for low, high in intervals]) == pytest.approx(0.9, abs=0.025)


@pytest.mark.parametrize("name", ["roc_auc", "f1", "log_loss", "accuracy"])
def test_the_interval_of_influence_values_is_that_of_the_figure(name: str) -> None:
    random = np.random.default_rng(4)
    truth = (random.random(800) < 0.3).astype(np.int64)
    event = 1 / (1 + np.exp(1 - 2 * truth + random.normal(size=800)))
    answers, metric = np.stack([1 - event, event], axis=1), METRICS[name]

    interval = mean_interval(metric.influence(truth, answers), np.arange(800), 0.95)

    low, high = np.quantile(resample(metric.score(truth, answers), 800, 1000), [0.025, 0.975])
    assert interval == pytest.approx((low, high), abs=0.15 * (high - low))


def test_rows_that_belong_together_say_less() -> None:
    customers = np.repeat(np.arange(40), 25)
    errors = np.repeat(np.abs(np.random.default_rng(2).normal(size=40)), 25)

    by_row, by_customer = (mean_interval(errors, units, 0.95) for units in (np.arange(1000), customers))

    # about five times as wide (the root of 25)
    assert (by_customer.high - by_customer.low) / (by_row.high - by_row.low) == pytest.approx(5, rel=0.1)


def test_undefined_resamples_are_left_out() -> None:
    assert percentile_interval(np.array([np.nan, 1.0, 1.0]), 0.9) == (1.0, 1.0)
    with pytest.raises(MetricUndefined):
        percentile_interval(np.array([np.nan]), 0.9)
