"""Calibrated probabilities, and the metric that they promise: an estimate of quality for the time until labels come.

Confidence-based performance estimation: a model with calibrated probabilities tells by them how often it is right
(Guillory et al., Predicting with confidence on unseen distributions, ICCV 2021; NannyML's CBPE). The estimate shows
what a change of the inputs does to quality. It cannot show that the same inputs have come to mean something else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from refrain.statistics.intervals import bootstrap_interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from refrain.arrays import Floats
    from refrain.statistics.intervals import Interval
    from refrain.statistics.metrics import Metric

ESTIMATE_RESAMPLES = 200


def calibrate(
    probabilities: Floats,
    answered: Sequence[float],
    observed: Sequence[float],
    rows: Sequence[int],
    positive: int | None = None,
) -> Floats:
    """Correct probabilities [rows, classes] by how often the holdout showed each to be right.

    The holdout's calibration curve has for each bin the mean probability `answered`, the share `observed` to be right,
    and its `rows`. The probability of the `positive` class, if the curve is of one, or else that of the most probable
    class is corrected; the rest is shared out among the other classes.

    >>> calibrate(np.array([[0.5, 0.5], [0.2, 0.8]]), [0.2, 0.8], [0.1, 0.9], [50, 50], 1).round(2).tolist()
    [[0.5, 0.5], [0.1, 0.9]]
    """
    lines = np.arange(len(probabilities))
    chosen = probabilities.argmax(axis=1) if positive is None else np.full(len(probabilities), positive)
    believed = probabilities[lines, chosen]
    right = np.interp(believed, answered, pool_falling_shares(observed, rows))
    rest = probabilities.copy()
    rest[lines, chosen] = 0.0
    rest[believed >= 1] = 1.0 / (probabilities.shape[1] - 1)
    corrected: Floats = rest * ((1 - right) / np.where(believed < 1, 1 - believed, 1.0))[:, np.newaxis]
    corrected[lines, chosen] = right
    return corrected


def pool_falling_shares(shares: Sequence[float], rows: Sequence[int]) -> list[float]:
    """Pool neighbouring shares until none falls (Ayer et al. 1955; Zadrozny & Elkan 2002).

    >>> pool_falling_shares([0.1, 0.4, 0.2, 0.9], [10, 10, 10, 10])
    [0.1, 0.3, 0.3, 0.9]
    """
    pools: list[tuple[float, int, int]] = []
    for share, count in zip(shares, rows, strict=True):
        pool = (share * count, count, 1)
        while pools and pools[-1][0] * pool[1] >= pool[0] * pools[-1][1]:
            before = pools.pop()
            pool = (before[0] + pool[0], before[1] + pool[1], before[2] + pool[2])
        pools.append(pool)
    return [round(total / count, 12) for total, count, bins in pools for _ in range(bins)]


def expected_metric(metric: Metric, answers: Floats, chances: Floats, confidence: float) -> tuple[float, Interval]:
    """Compute a metric as if each row were all classes at once, each as likely as `chances` [rows, classes] say.

    The interval is for the choice of rows. Raises `MetricUndefined`.

    >>> from refrain.statistics.metrics import METRICS
    >>> expected_metric(METRICS["accuracy"], np.array([[0.3, 0.7]] * 9), np.array([[0.2, 0.8]] * 9), 0.95)[0]
    0.8
    """
    rows, classes = chances.shape
    truth, weights = np.tile(np.arange(classes), rows), chances.reshape(-1)
    repeated = np.repeat(answers, classes, axis=0)
    score = metric.score(truth, repeated)

    def score_rows(drawn: Floats) -> Floats:
        return score(np.repeat(drawn, classes, axis=1) * weights)

    interval = bootstrap_interval(score_rows, rows, confidence, ESTIMATE_RESAMPLES)
    return metric.value(truth, repeated, weights), interval
