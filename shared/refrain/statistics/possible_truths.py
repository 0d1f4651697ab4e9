"""What may turn out to be true of rows without a label, and how likely it is, by the rows that a model was judged by.

Of classes the calibrated answers tell it. The error of a value is one of those that the model made on judged rows
where as large a loss was to be expected.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from refrain.statistics.calibration import Calibration, answer_odds
from refrain.statistics.loss_model import fit_loss_model

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from refrain.arrays import Floats, Truth

    type Matrix = NDArray[np.float32]
    type RowNumbers = NDArray[np.int64]

MAX_ERRORS = 10
"""Errors that are possible for one row."""
SURELY_LARGE = 0.99
"""Errors beyond this quantile count as it does, so that a few wild ones do not shape the model of losses."""


class PossibleTruths(Protocol):
    """Truths that are possible for the judged rows, and for those asked about: each [rows, possibilities]."""

    judged: Truth
    asked: Truth

    def chances(self, counts: Floats) -> tuple[Floats, Floats]:
        """Return how likely each is, for both kinds of rows, if each judged row counts so often."""


class PossibleClasses:
    """Every class is possible."""

    def __init__(self, truth: Truth, judged_answers: Floats, asked_answers: Floats) -> None:
        classes = np.arange(judged_answers.shape[1], dtype=np.int64)
        self.judged: Truth = np.broadcast_to(classes, judged_answers.shape)
        self.asked: Truth = np.broadcast_to(classes, asked_answers.shape)
        self._truth, self._odds = truth, (answer_odds(judged_answers), answer_odds(asked_answers))
        self._calibration = Calibration.fit(truth, self._odds[0])

    def chances(self, counts: Floats) -> tuple[Floats, Floats]:
        """Calibrate again."""
        calibration = Calibration.fit(self._truth, self._odds[0], counts, self._calibration)
        return calibration.chances(self._odds[0]), calibration.chances(self._odds[1])


class PossibleValues:
    """The answer with the errors of other judged rows; of `relative` errors, those are shares of the answers."""

    def __init__(self, truth: Floats, judged: Matrix, asked: Matrix, *, relative: bool) -> None:
        """Take features with the answer as the last column, on which the size of an error depends, too."""
        answers, asked_answers = judged[:, -1].astype(np.float64), asked[:, -1].astype(np.float64)
        self._alike = _find_alike(judged, np.abs(truth - answers), asked)
        errors = (truth - answers) / _units_of_error(answers, relative)
        self.judged: Truth = (answers + _units_of_error(answers, relative) * errors[self._alike[0]].T).T
        self.asked: Truth = (asked_answers + _units_of_error(asked_answers, relative) * errors[self._alike[1]].T).T

    def chances(self, counts: Floats) -> tuple[Floats, Floats]:
        """Count how often each row whose error it is was drawn."""
        judged, asked = (counts[alike] for alike in self._alike)
        return (
            judged / np.maximum(judged.sum(axis=1, keepdims=True), 1.0),
            asked / np.maximum(asked.sum(axis=1, keepdims=True), 1.0),
        )


def _units_of_error(answers: Floats, relative: bool) -> Floats:
    """Return the unit of each row's error; nothing is a share of an answer of 0."""
    return np.where(answers != 0, np.abs(answers), np.nan) if relative else np.ones(len(answers))


def _find_alike(judged: Matrix, errors: Floats, asked: Matrix) -> tuple[RowNumbers, RowNumbers]:
    """Return for each row judged rows with about its expected loss, by a model that learned none of them or itself."""
    sizes = np.minimum(errors, np.quantile(errors, SURELY_LARGE))
    own = np.empty((len(judged), MAX_ERRORS), np.int64)
    of_asked = []
    for fold in (np.arange(len(judged)) % 2 == side for side in (0, 1)):
        model = fit_loss_model(judged[~fold], sizes[~fold])
        expected = model.expect(judged[fold])
        ascending = np.argsort(expected, kind="stable")
        rows, ranks = np.flatnonzero(fold)[ascending], np.arange(len(ascending))
        around = _neighbours(ranks, MAX_ERRORS + 1, len(rows))
        own[rows] = rows[around[around != ranks[:, np.newaxis]].reshape(len(rows), MAX_ERRORS)]
        nearest = np.searchsorted(expected[ascending], model.expect(asked))
        of_asked.append(rows[_neighbours(nearest, MAX_ERRORS // 2, len(rows))])
    return own, np.concatenate(of_asked, axis=1)


def _neighbours(ranks: RowNumbers, width: int, rows: int) -> RowNumbers:
    """Return the ranks [rows, width] around each of the ranks."""
    first = np.clip(ranks - width // 2, 0, rows - width)
    return first[:, np.newaxis] + np.arange(width)
