"""How many truths lay within what callers were told, and what the labels make of the bound of errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from refrain.classes import class_labels
from refrain.conformal import answer_errors, exceeds, ranked_errors
from refrain.lake.adapted_bound import AdaptedBound
from refrain.lake.quality_figures import CoverageFigures, Estimate
from refrain.monitoring.labelled_answers import number_observed_units
from refrain.statistics.adaptive_coverage import adapt_bound
from refrain.statistics.intervals import mean_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from preprocessing import Definition
    from refrain.arrays import Floats
    from refrain.monitoring.served_version import ServedVersion
    from refrain.monitoring.window_statistics import LabelledSample

MICROSECOND = np.timedelta64(1, "us")


def watch_coverage(version: ServedVersion, definition: Definition, labelled: LabelledSample) -> CoverageFigures | None:
    """Adapt the bound to the labels, and count the truths within the intervals and sets; None before any label."""
    if not len(labelled):
        return None
    errors, is_answered = _errors(version, labelled)
    bounds = labelled.rows.bounds
    held = (~exceeds(errors, bounds) | is_answered)[~np.isnan(bounds)].astype(np.float64)
    estimate = None
    if len(held):
        units = number_observed_units(version, labelled.rows, np.where(np.isnan(bounds), 0.0, errors))
        low, high = mean_interval(held, units[~np.isnan(bounds)], definition.gate.confidence)
        estimate = Estimate(float(held.mean()), max(low, 0.0), min(high, 1.0), len(held))
    return CoverageFigures(_adapt(version, definition.serving.coverage, labelled, errors), estimate)


def _adapt(version: ServedVersion, coverage: float, labelled: LabelledSample, errors: Floats) -> AdaptedBound:
    judged = version.judged_rows
    calibration = ranked_errors(answer_errors(judged.truth, judged.answers)) if judged else []
    asked = labelled.rows.times
    received = asked + (labelled.delays * 1e6).astype(np.int64) * MICROSECOND
    adaptive = adapt_bound(calibration, errors, asked, received, 1 - coverage)
    if adaptive.is_withdrawn:
        return AdaptedBound(coverage, None, "coverage_lost", len(labelled))
    if adaptive.bound is None:
        return AdaptedBound(coverage, None, "too_few_rows", len(labelled))
    return AdaptedBound(coverage, float(f"{adaptive.bound:.7g}"), None, len(labelled))


def _errors(version: ServedVersion, labelled: LabelledSample) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the error of each answer, and whether it was the true class; a class unknown to the version errs by 1."""
    answers = labelled.rows.answers
    if not version.classes:
        return answer_errors(labelled.truth.astype(np.float64), answers), np.zeros(len(labelled), bool)
    numbers = {label: number for number, label in enumerate(version.classes)}
    labels = class_labels(version.definition.columns[version.definition.target], labelled.truth)
    truth = np.array([numbers.get(label, -1) for label in labels])
    errors = np.where(truth < 0, 1.0, answer_errors(truth, answers))
    return errors, np.asarray(answers.argmax(axis=1) == truth)
