"""Calibrate a candidate: correct its probabilities by answers to rows that each time it had not learned.

The model itself learns from all rows, so that one model remains; only its correction comes from the folds. The
correction is a part of the graph, behind the same parity proof as the rest.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from refrain.classes import class_labels, class_numbers
from refrain.errors import CandidateRefused
from refrain.lake.calibrated import Calibrated
from refrain.statistics.calibration import Calibration, answer_odds, calibration_error
from refrain.training.fitting import fit
from refrain.training.folds import make_folds
from refrain.training.isotonic import IsotonicCalibration
from refrain.training.row_weights import row_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from preprocessing import Array, Candidate, Columns, Definition, Vocabularies
    from refrain.training.fitting import Fitted

MIN_ANSWERED_ROWS = 50
"""With fewer, two numbers a class would be chance."""


def calibrate(
    definition: Definition,
    candidate: Candidate,
    vocabularies: Vocabularies,
    columns: Columns,
    matrix: NDArray[np.float32],
    fitted: Fitted,
) -> Fitted:
    """Add the calibration that the candidate names, learned out of fold. Raises `CandidateRefused`."""
    folds = make_folds(definition, columns)
    rows = np.concatenate([np.empty(0, np.intp), *(test for _, test in folds)])
    if len(rows) < MIN_ANSWERED_ROWS:
        raise CandidateRefused(
            f"{candidate.name}: calibration needs {MIN_ANSWERED_ROWS} rows in folds whose other rows have every class, "
            f"and there are {len(rows)}. Leave out calibrate, or gather more rows"
        )
    target, weights = columns[definition.target], row_weights(definition, columns)
    parts = []
    for train, test in folds:
        counted = None if weights is None else weights[train]
        part = fit(definition, candidate, vocabularies, matrix[train], target[train], counted)
        parts.append(part.answers(matrix[test]))
    counts = np.ones(len(rows)) if weights is None else weights[rows]
    truth = class_numbers(class_labels(definition.columns[definition.target], target[rows]), fitted.classes or ())
    answers = np.concatenate(parts)
    if candidate.calibrate == "sigmoid":
        return replace(fitted, calibration=Calibration.fit(truth, answer_odds(answers), counts))
    return replace(fitted, calibration=IsotonicCalibration.fit(truth, answers, counts))


def tell_calibrated(
    definition: Definition, fitted: Fitted, matrix: NDArray[np.float32], truth: Array
) -> Calibrated | None:
    """Say what the calibration did on the holdout; None without one. Classes that were never learned are left out."""
    if fitted.calibration is None or fitted.classes is None:
        return None
    labels = class_labels(definition.columns[definition.target], truth)
    rows = np.flatnonzero(np.isin(labels, fitted.classes))
    numbers = class_numbers(labels[rows], fitted.classes)
    models = (replace(fitted, calibration=None), fitted)
    before, after = (calibration_error(numbers, model.answers(matrix)[rows]) for model in models)
    return Calibrated("sigmoid" if isinstance(fitted.calibration, Calibration) else "isotonic", before, after)
