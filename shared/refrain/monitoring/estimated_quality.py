"""How good the predictions must have been, by how sure the model was: an estimate for the time until labels come.

Confidence-based performance estimation: a model with calibrated probabilities tells by them how often it is right
(Guillory et al., Predicting with confidence on unseen distributions, ICCV 2021; NannyML's CBPE). The estimate shows
what a change of the inputs does to quality. It cannot show that the same inputs have come to mean something else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from refrain.errors import MetricUndefined
from refrain.lake.monitoring_report import Estimate
from refrain.statistics.bootstrap import bootstrap_interval
from refrain.statistics.metrics import METRICS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from preprocessing import Definition
    from refrain.arrays import Floats
    from refrain.lake.evaluation import CalibrationBins
    from refrain.monitoring.served_version import ServedVersion

MAX_ESTIMATED_ROWS = 20_000
ESTIMATE_RESAMPLES = 200


def estimate_quality(version: ServedVersion, definition: Definition, answers: Floats) -> Estimate | None:
    """Estimate the definition's metric for answers [rows, classes]; None for values, and without a calibration."""
    if not version.classes or version.calibration is None or not len(answers):
        return None
    bins, title = version.calibration
    sample = answers[:: -(-len(answers) // MAX_ESTIMATED_ROWS)]
    try:
        return expected_metric(definition, sample, calibrate(sample, bins, title, version.classes))
    except MetricUndefined:
        return None


def calibrate(answers: Floats, bins: CalibrationBins, title: str, classes: tuple[str, ...]) -> Floats:
    """Correct probabilities [rows, classes] by how often the holdout showed each to be right.

    Of two classes the one that the curve's title names is corrected, else the most probable one; the rest is shared out
    among the other classes.

    >>> from refrain.lake.evaluation import CalibrationBins
    >>> bins = CalibrationBins(answered=[0.2, 0.8], observed=[0.1, 0.9], low=[], high=[], rows=[50, 50])
    >>> calibrate(np.array([[0.5, 0.5], [0.2, 0.8]]), bins, "the probability of yes", ("no", "yes")).round(2).tolist()
    [[0.5, 0.5], [0.1, 0.9]]
    """
    rows = np.arange(len(answers))
    named = [index for index, name in enumerate(classes) if title == f"the probability of {name}"]
    chosen = np.full(len(answers), named[0]) if len(classes) == 2 and named else answers.argmax(axis=1)
    answered = answers[rows, chosen]
    right = np.interp(answered, bins.answered, pool_falling_shares(bins.observed, bins.rows))
    rest = answers.copy()
    rest[rows, chosen] = 0.0
    rest[answered >= 1] = 1.0 / (len(classes) - 1)
    corrected: Floats = rest * ((1 - right) / np.where(answered < 1, 1 - answered, 1.0))[:, np.newaxis]
    corrected[rows, chosen] = right
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


def expected_metric(definition: Definition, answers: Floats, chances: Floats) -> Estimate:
    """Compute the metric as if each row were all classes at once, each as likely as `chances` [rows, classes] say.

    The interval is for the choice of rows. Raises `MetricUndefined`.
    """
    rows, classes = chances.shape
    metric = METRICS[definition.training.metric]
    truth, weights = np.tile(np.arange(classes), rows), chances.reshape(-1)
    repeated = np.repeat(answers, classes, axis=0)
    score = metric.score(truth, repeated)

    def score_rows(drawn: Floats) -> Floats:
        return score(np.repeat(drawn, classes, axis=1) * weights)

    low, high = bootstrap_interval(score_rows, rows, definition.gate.confidence, ESTIMATE_RESAMPLES)
    return Estimate(metric.value(truth, repeated, weights), low, high, rows)
