"""How far the answers of two models lie apart, and how far answers lie from the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from refrain.arrays import Floats, Truth


def mean_distance(answers: Floats, reference: Floats) -> float:
    """Return the mean distance of two models' answers [rows, classes] or [rows, 1] to the same rows.

    Of probabilities it is the total variation distance, from 0 to 1.

    >>> round(mean_distance(np.array([[0.8, 0.2], [0.4, 0.6]]), np.array([[0.7, 0.3], [0.4, 0.6]])), 3)
    0.05
    """
    distance = float(np.abs(answers - reference).sum(axis=1).mean())
    return distance if answers.shape[1] == 1 else distance / 2


def squared_error(answers: Floats, truth: Truth) -> float:
    """Return the mean squared error of values, or the Brier score of probabilities, whose truth is class numbers.

    >>> round(squared_error(np.array([[0.8, 0.2], [0.4, 0.6]]), np.array([0, 1])), 3)
    0.2
    """
    if answers.shape[1] == 1:
        return float(np.square(answers[:, 0] - truth).mean())
    return float(np.square(answers - np.eye(answers.shape[1])[truth.astype(np.int64)]).sum(axis=1).mean())
