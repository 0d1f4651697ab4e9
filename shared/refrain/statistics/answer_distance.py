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


def list_distance(ranked: Truth, reference: Truth, length: int = 10) -> float:
    """Return the share of the items [users, ranks] that are not among the first of the other list; -1 is no item.

    >>> list_distance(np.array([[1, 2], [3, -1]]), np.array([[2, 5], [3, -1]]))
    0.25
    """
    ranked, reference = ranked[:, :length], reference[:, :length]
    shared = ((ranked[:, :, np.newaxis] == reference[:, np.newaxis, :]) & (ranked >= 0)[:, :, np.newaxis]).any(axis=2)
    return float(1 - (shared.sum(axis=1) / np.maximum((ranked >= 0).sum(axis=1), 1)).mean())


def squared_error(answers: Floats, truth: Truth) -> float:
    """Return the mean squared error of values, or the Brier score of probabilities, whose truth is class numbers.

    >>> round(squared_error(np.array([[0.8, 0.2], [0.4, 0.6]]), np.array([0, 1])), 3)
    0.2
    """
    if answers.shape[1] == 1:
        return float(np.square(answers[:, 0] - truth).mean())
    return float(np.square(answers - np.eye(answers.shape[1])[truth.astype(np.int64)]).sum(axis=1).mean())
