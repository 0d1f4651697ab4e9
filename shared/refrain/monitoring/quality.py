"""How good the predictions were: measured against labels, or estimated from the model's own probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from refrain.classes import aligned, class_labels, class_numbers
from refrain.errors import MetricUndefined
from refrain.lake.quality_figures import Estimate, MeasuredQuality
from refrain.statistics.calibration import calibrate, expected_metric
from refrain.statistics.comparison import possible_interval
from refrain.statistics.dependence import number_blocks, number_units
from refrain.statistics.gain_answer import answer_later
from refrain.statistics.intervals import mean_interval
from refrain.statistics.metrics import METRICS, choose_metric
from refrain.times import to_iso

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from preprocessing import Definition
    from refrain.arrays import Floats, Truth
    from refrain.lake.quality_figures import EvaluatedQuality
    from refrain.monitoring.served_version import ServedVersion
    from refrain.monitoring.window_statistics import LabelledSample
    from refrain.statistics.gain_answer import Answer

MIN_LABELLED_ROWS = 30
MAX_ESTIMATED_ROWS = 20_000


def measure_quality(
    version: ServedVersion, definition: Definition, labelled: LabelledSample, since: datetime
) -> MeasuredQuality:
    """Measure the metric on the labelled predictions since a time, in the same way as on a holdout."""
    measured, why = None, ""
    try:
        measured = _measure_metric(version, definition, labelled)
    except MetricUndefined as error:
        why = str(error)
    evaluated = version.evaluated_quality(definition)
    answer, rows_needed = _compare_with_holdout(evaluated, measured) if measured else (None, None)
    return MeasuredQuality(
        since=to_iso(since),
        measured=measured,
        why=why,
        labelled=len(labelled),
        share=labelled.share,
        delay_seconds=float(np.median(labelled.delays)) if len(labelled) else None,
        breaks_gate=measured is not None and evaluated.breaks_gate(measured),
        answer=answer,
        rows_needed=rows_needed,
    )


def _compare_with_holdout(evaluated: EvaluatedQuality, measured: Estimate) -> tuple[Answer | None, int | None]:
    """Say whether the version is worse in service than on the holdout; nothing where that was judged otherwise."""
    value, low, high, margin = evaluated.value, evaluated.low, evaluated.high, evaluated.margin
    if value is None or low is None or high is None or margin is None:
        return None, None
    width = max(measured.value - measured.low, measured.high - measured.value)  # an end may be cut off
    gain = METRICS[evaluated.metric].gain(measured.value, value)
    return answer_later(gain, width, max(value - low, high - value), margin, measured.rows)


def _measure_metric(version: ServedVersion, definition: Definition, labelled: LabelledSample) -> Estimate:
    """Compute the definition's metric with its interval, for rows that may be alike. Raises `MetricUndefined`."""
    rows, target, answers = len(labelled), labelled.truth, labelled.rows.answers
    if rows < MIN_LABELLED_ROWS:
        raise MetricUndefined(f"{rows} labels have come, and it takes {MIN_LABELLED_ROWS} to measure quality")
    truth: Truth = target if version.classes else target.astype(np.float64)
    classes: list[str] = []
    if version.classes:
        labels = class_labels(version.definition.columns[version.definition.target], target)
        classes = sorted({*labels.tolist(), *version.classes})
        truth, answers = class_numbers(labels, classes), aligned(answers, version.classes, classes)
    metric, confidence = (
        choose_metric(definition.training.metric, classes, version.positive, definition.training.costs),
        definition.gate.confidence,
    )
    values = metric.influence(truth, answers)
    units = dependent_units(version, labelled, values)
    low, high = possible_interval(metric, mean_interval(values, units, confidence))
    return Estimate(float(values.mean()), low, high, rows)


def dependent_units(version: ServedVersion, labelled: LabelledSample, values: Floats) -> NDArray[np.int64]:
    """Number the units of labelled rows that are alike in `values`: entities, or neighbours in time.

    Neighbours are alike for as long as on the holdout: a fall within the window lasts, too.
    """
    if version.definition.training.group or version.definition.key:
        return number_units(labelled.rows.entities, None, values[:, np.newaxis])
    return number_blocks(labelled.rows.times, version.evaluated.figures.block if version.evaluated else 1)


def estimate_quality(version: ServedVersion, definition: Definition, answers: Floats) -> Estimate | None:
    """Estimate the definition's metric for answers [rows, classes]; None for values, and without a calibration."""
    classes, curves = version.classes, version.evaluated.curves if version.evaluated else None
    if not classes or curves is None or not len(answers):
        return None
    curve = curves.calibration
    sample = answers[:: -(-len(answers) // MAX_ESTIMATED_ROWS)]
    positive = None if version.positive is None else classes.index(version.positive)
    chances = calibrate(sample, curve.answered, curve.observed, curve.rows, positive)
    try:
        metric, confidence = (
            choose_metric(definition.training.metric, classes, version.positive, definition.training.costs),
            definition.gate.confidence,
        )
        value, (low, high) = expected_metric(metric, sample, chances, confidence)
    except MetricUndefined:
        return None
    return Estimate(value, low, high, len(sample))
