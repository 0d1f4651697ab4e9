"""How good the answers were, by the labels that have come; and, where none have, how good they must have been."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from preprocessing import is_missing
from refrain.classes import aligned, class_labels, class_numbers
from refrain.errors import MetricUndefined
from refrain.statistics.bootstrap import interval, resampled
from refrain.statistics.estimate import Figure
from refrain.statistics.metrics import METRICS

if TYPE_CHECKING:
    from preprocessing import Definition
    from refrain.arrays import Floats, Truth
    from refrain.lake.labelled_predictions import Joined
    from refrain.monitoring.served_version import Version

LEAST_ROWS = 30
RESAMPLES = 500


@dataclass(frozen=True)
class Quality:
    """The metric against labels, or why there is none; the share of predictions that have one, and their delay."""

    figure: Figure | None
    why: str
    labelled: int
    share: float
    delay_seconds: float | None


def against_labels(version: Version, definition: Definition, joined: Joined) -> Quality:
    """Measure the metric on the predictions that have labels, by the rules that candidates are measured by."""
    target, _ = joined.target(version.definition)
    known = ~is_missing(target)
    rows = int(known.sum())
    predictions = len(joined) + joined.unlabelled
    share = rows / predictions if predictions else 0.0
    delay = float(np.median(joined.delays[known])) if rows else None
    if rows < LEAST_ROWS:
        return Quality(
            None, f"{rows} labels have come, and {LEAST_ROWS} are the least that say something", rows, share, delay
        )
    truth, answers = _truth(version, target[known], joined.captured.answers[known])
    try:
        return Quality(measured(definition, truth, answers), "", rows, share, delay)
    except MetricUndefined as error:
        return Quality(None, str(error), rows, share, delay)


def _truth(
    version: Version, target: np.ndarray[tuple[int], np.dtype[np.generic]], answers: Floats
) -> tuple[Truth, Floats]:
    if not version.classes:
        return target.astype(np.float64), answers
    labels = class_labels(version.definition.columns[version.definition.target], target)
    classes = sorted({*labels.tolist(), *version.classes})
    return class_numbers(labels, classes), aligned(answers, version.classes, classes)


def measured(definition: Definition, truth: Truth, answers: Floats) -> Figure:
    """Compute the definition's metric with its interval. Raises `MetricUndefined`."""
    metric = METRICS[definition.training.metric]
    value = metric.value(truth, answers)
    figures = resampled({"": metric.score(truth, answers)}, len(truth), resamples=RESAMPLES)[""]
    low, high = interval(figures, definition.gate.confidence)
    return Figure(value, low, high, len(truth))
