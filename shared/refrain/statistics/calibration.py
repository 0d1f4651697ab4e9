"""Calibrated probabilities: what a model's answers promise, corrected by what the rows it was judged by have shown.

Platt, Probabilistic outputs for support vector machines, 1999: a logistic regression on the answer's log odds. It has
two numbers a class, so few rows are enough, and it goes on where bins end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from refrain.arrays import Floats, Truth

MIN_PROBABILITY = 1e-4
"""Nearer to 0 or 1 an answer promises no more: forests answer 0 and are wrong."""
RIDGE = 0.01
ERROR_BINS = 10
MAX_STEPS, EXACT_STEP = 50, 1e-3


def answer_odds(answers: Floats) -> Floats:
    """Return the log odds of each class [rows, classes], of two classes those of the second alone [rows, 1]."""
    chosen = answers[:, 1:] if answers.shape[1] == 2 else answers
    within = np.clip(chosen, MIN_PROBABILITY, 1 - MIN_PROBABILITY)
    odds: Floats = np.log(within / (1 - within))
    return odds


@dataclass(frozen=True)
class Calibration:
    """The `lines` have an intercept and a slope on the log odds of each class, or of the second of two."""

    lines: Floats

    @classmethod
    def fit(cls, truth: Truth, odds: Floats, counts: Floats | None = None, start: Self | None = None) -> Self:
        """Fit to class numbers [rows] and `answer_odds`, each row counted once or by its count.

        With a `start` near by it takes fewer steps.
        """
        weights = np.ones(len(truth)) if counts is None else counts
        lines = np.zeros((odds.shape[1], 2)) if start is None else start.lines
        first = 1 if odds.shape[1] == 1 else 0
        columns = enumerate(zip(odds.T, lines, strict=True), first)
        return cls(np.array([_fit_line(truth == number, column, weights, line) for number, (column, line) in columns]))

    def chances(self, odds: Floats) -> Floats:
        """Return how likely each class is [rows, classes].

        >>> Calibration(np.array([[0.0, 0.5]])).chances(answer_odds(np.array([[0.2, 0.8]]))).round(3).tolist()
        [[0.333, 0.667]]
        """
        return share_out(_logistic(self.lines[:, 0] + self.lines[:, 1] * odds))

    def correct(self, answers: Floats) -> Floats:
        """Return how likely each class is where a model answers so."""
        return self.chances(answer_odds(answers))


def share_out(likely: Floats) -> Floats:
    """Make probabilities [rows, classes] of how likely each class is by itself, or the second of two [rows, 1]."""
    if likely.shape[1] == 1:
        return np.concatenate([1 - likely, likely], axis=1)
    shares: Floats = likely / likely.sum(axis=1, keepdims=True)
    return shares


def calibration_error(truth: Truth, answers: Floats) -> float:
    """Return how far answers lie from the shares that came true: the mean over bins of equally many rows.

    Of two classes the second one is looked at, of more the likeliest of each row (Naeini, Obtaining well calibrated
    probabilities, 2015).

    >>> calibration_error(np.array([0, 1]), np.array([[0.8, 0.2], [0.2, 0.8]])).__round__(3)
    0.2
    """
    binary = answers.shape[1] == 2
    promised = answers[:, 1] if binary else answers.max(axis=1)
    happened = truth == (1 if binary else answers.argmax(axis=1))
    bins = np.array_split(np.argsort(promised, kind="stable"), min(ERROR_BINS, len(truth)))
    return float(sum(abs(float(np.sum(promised[rows] - happened[rows]))) for rows in bins) / len(truth))


def _logistic(odds: Floats) -> Floats:
    probabilities: Floats = 1 / (1 + np.exp(-odds))
    return probabilities


def _fit_line(happened: NDArray[np.bool_], odds: Floats, weights: Floats, line: Floats) -> Floats:
    """Fit by Newton's steps, halved until they help. Platt's targets keep it finite where classes do not overlap."""
    events, total = float(weights @ happened), float(weights.sum())
    target = np.where(happened, (events + 1) / (events + 2), 1 / (total - events + 2))
    inputs = np.stack([np.ones_like(odds), odds], axis=1)

    def loss(tried: Floats) -> float:
        fitted = inputs @ tried
        return float(weights @ (np.logaddexp(0.0, fitted) - target * fitted)) + RIDGE / 2 * float(tried @ tried)

    best = loss(line)
    for _ in range(MAX_STEPS):
        likely = _logistic(inputs @ line)
        slope = inputs.T @ (weights * (likely - target)) + RIDGE * line
        curvature = (inputs * (weights * likely * (1 - likely))[:, np.newaxis]).T @ inputs + RIDGE * np.eye(2)
        step = np.linalg.solve(curvature, slope)
        while (after := loss(line - step)) > best and np.abs(step).max() > EXACT_STEP:
            step = step / 2
        line, best = line - step, after
        if np.abs(step).max() <= EXACT_STEP:
            break
    return line
