"""How good must the answers have been, going by how sure the model was? For the time until labels come.

Confidence-based performance estimation: a model whose probabilities are calibrated says itself how often it is right
(Guillory et al., Predicting with confidence on unseen distributions, ICCV 2021; NannyML's CBPE). So it sees what
changes in the inputs do to quality, and it cannot see that the same inputs have come to mean something else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from refrain.errors import MetricUndefined
from refrain.statistics.bootstrap import interval, resampled
from refrain.statistics.estimate import Figure
from refrain.statistics.metrics import METRICS

if TYPE_CHECKING:
    from preprocessing import Definition
    from refrain.arrays import Floats
    from refrain.lake.evaluation import CalibrationBins
    from refrain.monitoring.served_version import Version

MOST_ROWS = 20_000
RESAMPLES = 200


def estimated(version: Version, definition: Definition, answers: Floats) -> Figure | None:
    """Estimate the definition's metric for answers [rows, classes]; None for values, and without a calibration."""
    if not version.classes or version.calibration is None or not len(answers):
        return None
    bins, of = version.calibration
    sampled = answers[:: -(-len(answers) // MOST_ROWS)]
    try:
        return expected(definition, sampled, calibrated(sampled, bins, of, version.classes))
    except MetricUndefined:
        return None


def calibrated(answers: Floats, bins: CalibrationBins, of: str, classes: tuple[str, ...]) -> Floats:
    """Correct probabilities [rows, classes] by how often each was right on the holdout.

    Of two classes it is the one that the curve is of, else the most probable one; the others share what is left.

    >>> bins = {"answered": [0.2, 0.8], "observed": [0.1, 0.9], "low": [], "high": [], "rows": [50, 50]}
    >>> calibrated(np.array([[0.5, 0.5], [0.2, 0.8]]), bins, "the probability of yes", ("no", "yes")).round(2).tolist()
    [[0.5, 0.5], [0.1, 0.9]]
    """
    rows = np.arange(len(answers))
    named = [place for place, name in enumerate(classes) if of == f"the probability of {name}"]
    place = np.full(len(answers), named[0]) if len(classes) == 2 and named else answers.argmax(axis=1)
    given = answers[rows, place]
    right = np.interp(given, bins["answered"], rising(bins["observed"], bins["rows"]))
    others = answers.copy()
    others[rows, place] = 0.0
    others[given >= 1] = 1.0 / (len(classes) - 1)
    corrected: Floats = others * ((1 - right) / np.where(given < 1, 1 - given, 1.0))[:, np.newaxis]
    corrected[rows, place] = right
    return corrected


def rising(observed: list[float], rows: list[int]) -> list[float]:
    """Make shares rise with the answer, by pooling neighbours that do not (Ayer et al. 1955; Zadrozny & Elkan 2002).

    >>> rising([0.1, 0.4, 0.2, 0.9], [10, 10, 10, 10])
    [0.1, 0.3, 0.3, 0.9]
    """
    pools: list[tuple[float, int, int]] = []
    for share, count in zip(observed, rows, strict=True):
        pool = (share * count, count, 1)
        while pools and pools[-1][0] * pool[1] >= pool[0] * pools[-1][1]:
            before = pools.pop()
            pool = (before[0] + pool[0], before[1] + pool[1], before[2] + pool[2])
        pools.append(pool)
    return [round(total / count, 12) for total, count, bins in pools for _ in range(bins)]


def expected(definition: Definition, answers: Floats, chances: Floats) -> Figure:
    """Compute the metric as if each row were all classes at once, each as likely as `chances` [rows, classes] say.

    The interval is of the rows that happened to be asked. Raises `MetricUndefined`.
    """
    rows, classes = chances.shape
    metric = METRICS[definition.training.metric]
    truth, weights = np.tile(np.arange(classes), rows), chances.reshape(-1)
    repeated = np.repeat(answers, classes, axis=0)
    score = metric.score(truth, repeated)
    figures = resampled(
        {"": lambda drawn: score(np.repeat(drawn, classes, axis=1) * weights)}, rows, resamples=RESAMPLES
    )[""]
    low, high = interval(figures, definition.gate.confidence)
    return Figure(metric.value(truth, repeated, weights), low, high, rows)
