"""Split conformal prediction: how far from the truth a share of the answers stays.

The error of an answer is |truth - answer| for values, and 1 less the probability of the true class for classes. On
held-out rows the errors are those of any row to come, as long as rows are exchangeable. So the error of rank
ceil((n + 1)(1 - miss)) among n of them bounds that of the next row with a probability of at least 1 - miss, for every
model and every n (Vovk, Gammerman & Shafer, Algorithmic learning in a random world, 2005). Sets of classes by one bound
of the probability are the smallest on average at their coverage (Sadinle, Lei & Wasserman, Least ambiguous set-valued
classifiers, 2019).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from refrain.arrays import Floats, Truth

MAX_CALIBRATION_ERRORS = 1000
"""So many errors fix the rank to a thousandth; more would only make the object larger."""

ROUNDING = 1e-6
"""How far equal errors differ, relatively, once answers were written."""

ERROR_DIGITS = 6
"""Decimals of the error of a probability: answers are written with seven digits."""


def answer_errors(truth: Truth, answers: Floats) -> Floats:
    """Return the error of each answer: of values [rows, 1], or of probabilities [rows, classes] for class numbers.

    >>> answer_errors(np.array([7.0, 8.0]), np.array([[7.5], [6.0]])).tolist()
    [0.5, 2.0]
    >>> answer_errors(np.array([0, 1]), np.array([[0.75, 0.25], [0.5, 0.5]])).tolist()
    [0.25, 0.5]
    """
    if answers.shape[1] == 1:
        return np.abs(truth - answers[:, 0])
    errors = 1 - answers[np.arange(len(truth)), truth.astype(np.int64)]
    return np.asarray(errors.round(ERROR_DIGITS), np.float64)  # equal answers stay equal after they were written


def ranked_errors(errors: Floats) -> list[float]:
    """Return errors in ascending order; of very many only some at even ranks, none of which is too small.

    >>> ranked_errors(np.arange(5000.0))[:2], len(ranked_errors(np.arange(5000.0)))
    ([4.0, 9.0], 1000)
    """
    number = min(len(errors), MAX_CALIBRATION_ERRORS)
    ranks = -(-len(errors) * np.arange(1, number + 1) // max(number, 1)) - 1
    return [float(f"{error:.7g}") for error in np.sort(errors)[ranks].tolist()]


def error_bound(ranked: Sequence[float], miss: float) -> float | None:
    """Return the bound that the next error exceeds with a probability of at most `miss`; None for too few errors.

    >>> error_bound([1.0, 2.0, 3.0, 4.0], 0.4), error_bound([1.0, 2.0, 3.0, 4.0], 0.1)
    (3.0, None)
    """
    rank = conformal_rank(len(ranked), miss)
    return ranked[rank - 1] if rank <= len(ranked) else None


def conformal_rank(errors: int, miss: float) -> int:
    """Return which of so many errors is the bound; beyond them where they are too few.

    >>> conformal_rank(100, 0.1), conformal_rank(9, 0.1), conformal_rank(8, 0.1)
    (91, 9, 9)
    """
    return math.ceil(round((errors + 1) * (1 - miss), 9))


def set_lengths(answers: Floats, bound: float) -> NDArray[np.int64]:
    """Return how many classes are in the set of each answer [rows, classes]; the likeliest one always is.

    >>> set_lengths(np.array([[0.9, 0.1], [0.6, 0.4]]), 0.6).tolist()
    [1, 2]
    """
    return np.maximum(((1 - answers).round(ERROR_DIGITS) <= bound).sum(axis=1), 1)


def exceeds(errors: Floats, bounds: Floats | float) -> NDArray[np.bool_]:
    """Tell which errors lie beyond their bounds; equal ones do not, though answers are written with seven digits.

    >>> exceeds(np.array([1.0, 2.0]), 1.0 - 1e-9).tolist()
    [False, True]
    """
    return np.asarray(errors > np.asarray(bounds) * (1 + ROUNDING))
