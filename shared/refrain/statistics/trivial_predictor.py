"""The trivial predictor: one answer for every row, learned from the training target. A model has to beat it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from refrain.errors import MetricUndefined

if TYPE_CHECKING:
    from refrain.arrays import Floats, Truth
    from refrain.statistics.metrics import Metric


def learn_trivial_answer(metric: Metric, target: Truth, classes: int = 0) -> Floats:
    """Return the constant answer that is best for the metric on a training target: [classes], or [1] for values.

    For classes it is the share of each, or all certainty for one class where that is better (F1, costs). For values it
    is the mean, the median or a quantile, as the metric asks for.

    >>> from refrain.statistics.metrics import METRICS
    >>> learn_trivial_answer(METRICS["log_loss"], np.array([0, 0, 0, 1]), 2)
    array([0.75, 0.25])
    >>> learn_trivial_answer(METRICS["mae"], np.array([1.0, 2.0, 9.0]))
    array([2.])
    """
    if metric.task == "regression":
        return np.array([metric.best_constant(target.astype(np.float64))])
    shares: Floats = np.bincount(target.astype(np.int64), minlength=classes) / len(target)
    occurring = np.flatnonzero(shares)
    best, greatest = shares, -np.inf
    for answer in (shares, *np.eye(classes)):
        with suppress(MetricUndefined):
            value = metric.value(occurring, np.tile(answer, (len(occurring), 1)), shares[occurring])
            if metric.gain(value, 0.0) > greatest:
                best, greatest = answer, metric.gain(value, 0.0)
    return best
