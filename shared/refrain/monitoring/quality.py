"""How good the predictions were, measured against labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from refrain.errors import MetricUndefined
from refrain.lake.quality_figures import Estimate, MeasuredQuality
from refrain.monitoring.labelled_answers import LabelledAnswers, number_observed_units
from refrain.statistics.comparison import possible_interval
from refrain.statistics.gain_answer import answer_later
from refrain.statistics.intervals import mean_interval
from refrain.statistics.metrics import METRICS
from refrain.times import to_iso

if TYPE_CHECKING:
    from datetime import datetime

    from preprocessing import Definition
    from refrain.lake.quality_figures import EvaluatedQuality
    from refrain.monitoring.served_version import ServedVersion
    from refrain.monitoring.window_statistics import LabelledSample
    from refrain.statistics.gain_answer import Answer

MIN_LABELLED_ROWS = 30


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
    rows = len(labelled)
    if rows < MIN_LABELLED_ROWS:
        raise MetricUndefined(f"{rows} labels have come, and it takes {MIN_LABELLED_ROWS} to measure quality")
    labels = LabelledAnswers.of(version, labelled)
    metric = labels.metric(version, definition)
    values = metric.influence(labels.truth, labels.answers)
    units = number_observed_units(version, labelled.rows, values)
    low, high = possible_interval(metric, mean_interval(values, units, definition.gate.confidence))
    return Estimate(float(values.mean()), low, high, rows)
