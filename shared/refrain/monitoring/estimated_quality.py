"""How good the answers of a window are, before labels come: by the rows that the version was judged by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from refrain.errors import MetricUndefined
from refrain.lake.quality_figures import Estimate, EstimatedChange
from refrain.monitoring.labelled_answers import number_observed_units
from refrain.monitoring.quality import MIN_LABELLED_ROWS
from refrain.statistics.dependence import number_blocks
from refrain.statistics.estimated_figure import EstimatedFigure, ResampledRows, estimate_figure
from refrain.statistics.metrics import METRICS, choose_metric
from refrain.statistics.possible_truths import MAX_ERRORS, PossibleClasses, PossibleValues

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from preprocessing import Definition
    from refrain.arrays import Floats
    from refrain.lake.judged_rows import JudgedRows
    from refrain.lake.observed_rows import ObservedRows
    from refrain.monitoring.served_version import ServedVersion
    from refrain.statistics.metrics import Metric
    from refrain.statistics.possible_truths import PossibleTruths

MAX_POSSIBILITIES = 100_000
"""Rows times classes, or times errors that are possible for a row: a second or two of work."""
MAX_FEATURE_CELLS = 2_000_000
"""Rows times features from which losses are learned."""


def estimate_quality(
    version: ServedVersion, definition: Definition, asked: ObservedRows
) -> tuple[Estimate, EstimatedChange] | None:
    """Estimate the definition's metric, and its change from the holdout; None where nothing tells it.

    That is so where the judged rows are gone or too few, and where these rows give no figure.
    """
    judged, rules = version.judged_rows, definition.training
    if judged is None or METRICS[rules.metric].task != version.definition.task or not len(asked):
        return None
    width = len(version.classes) or MAX_ERRORS
    most = MAX_POSSIBILITIES // width
    if not version.classes:
        most = min(most, MAX_FEATURE_CELLS // judged.matrix.shape[1])
    judged, asked = judged.thin(most), asked.smallest(most)
    if len(judged) < MIN_LABELLED_ROWS:
        return None
    metric = choose_metric(rules.metric, version.classes, version.positive, definition.decision.cost)
    try:
        figure = _estimate(version, metric, judged, asked, definition.gate.confidence)
    except MetricUndefined:
        return None
    change = EstimatedChange(figure.judged, figure.change, *figure.change_interval)
    return Estimate(figure.value, *figure.interval, len(asked)), change


def _estimate(
    version: ServedVersion, metric: Metric, judged: JudgedRows, asked: ObservedRows, confidence: float
) -> EstimatedFigure:
    block = version.evaluated.figures.block if version.evaluated else 1
    times = np.arange(len(judged)) if judged.times is None else judged.times
    return estimate_figure(
        metric,
        judged.truth,
        ResampledRows(judged.answers, number_blocks(times, block)),
        ResampledRows(asked.answers, number_observed_units(version, asked, np.zeros(len(asked)))),
        _possible_truths(version, metric, judged, asked),
        confidence,
    )


def _possible_truths(version: ServedVersion, metric: Metric, judged: JudgedRows, asked: ObservedRows) -> PossibleTruths:
    if version.classes:
        return PossibleClasses(judged.truth, judged.answers, asked.answers)
    centre = judged.answers.mean(axis=0)
    features = (_with_answers(rows.matrix, rows.answers - centre) for rows in (judged, asked))
    return PossibleValues(judged.truth.astype(np.float64), *features, relative=metric.name == "mape")


def _with_answers(matrix: NDArray[np.float32], answers: Floats) -> NDArray[np.float32]:
    """Put answers beside features; they are near 0, since a float32 far from it has no digits for them."""
    return np.concatenate([matrix, answers.astype(np.float32)], axis=1)
