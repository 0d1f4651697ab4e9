"""Metrics of classes, prepared for one model's probabilities [rows, classes]; truth is class numbers [rows].

`positive` is the number of the class that the metric is of. None: the plain mean over classes, of which the area under
a curve takes those that occur.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from refrain.classes import likeliest
from refrain.statistics.average_precision import average_precision
from refrain.statistics.decision_costs import cheapest
from refrain.statistics.roc_auc import area_under_roc
from refrain.statistics.weighted_figure import WeightedFigure, mean_of, mean_over_classes, ratio_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from refrain.arrays import Floats, Truth


def prepare_roc_auc(truth: Truth, probabilities: Floats, positive: int | None = None) -> WeightedFigure:
    """Count rightly ordered pairs (Fawcett, An introduction to ROC analysis, 2006, weights and ties too).

    The mean over classes: each against the rest (Provost & Domingos 2000; compare Hand & Till 2001).
    """
    return _of_occurring(area_under_roc, truth, probabilities, positive)


def _of_occurring(
    of_class: Callable[[NDArray[np.bool_], Floats], WeightedFigure],
    truth: Truth,
    probabilities: Floats,
    positive: int | None,
) -> WeightedFigure:
    classes = np.unique(truth).astype(int) if positive is None else [positive]
    figures = [of_class(truth == number, probabilities[:, number]) for number in classes]
    return figures[0] if positive is not None else mean_over_classes(figures)


def prepare_log_loss(truth: Truth, probabilities: Floats) -> WeightedFigure:
    """Good, Rational decisions, 1952."""
    smallest = np.finfo(np.float32).eps  # the graph answers in float32: a smaller probability means nothing
    of_truth = probabilities[np.arange(len(truth)), truth.astype(np.int64)]
    return mean_of(-np.log(np.clip(of_truth, smallest, 1 - smallest)))


def prepare_accuracy(truth: Truth, probabilities: Floats) -> WeightedFigure:
    """Count right labels."""
    return mean_of((likeliest(probabilities) == truth).astype(np.float64))


def prepare_balanced_accuracy(truth: Truth, probabilities: Floats) -> WeightedFigure:
    """Average the share of right labels over the true classes (Brodersen et al. 2010)."""
    right = (likeliest(probabilities) == truth).astype(np.float64)
    classes = [(truth == number).astype(np.float64) for number in np.unique(truth)]
    return mean_over_classes([ratio_of(right * members, members) for members in classes])


def prepare_average_precision(truth: Truth, probabilities: Floats, positive: int | None = None) -> WeightedFigure:
    """Average the precision over the rows of a class."""
    return _of_occurring(average_precision, truth, probabilities, positive)


def prepare_brier(truth: Truth, probabilities: Floats, positive: int | None = None) -> WeightedFigure:
    """Brier, Verification of forecasts expressed in terms of probability, 1950: over all classes, or for one of two."""
    happened = truth[:, np.newaxis] == np.arange(probabilities.shape[1])
    squares = (probabilities - happened) ** 2
    return mean_of(squares.sum(axis=1) if positive is None else squares[:, positive])


def prepare_cost(truth: Truth, probabilities: Floats, costs: Floats) -> WeightedFigure:
    """Average what the decisions cost that are cheapest by the probabilities; `costs` [true class, decided class]."""
    return mean_of(costs[truth.astype(np.int64), cheapest(probabilities, costs)])


def prepare_f1(truth: Truth, probabilities: Floats, positive: int | None = None) -> WeightedFigure:
    """Van Rijsbergen, Information retrieval, 1979."""
    answered = likeliest(probabilities)
    if positive is not None:
        return _f1_of(truth == positive, answered == positive)
    return mean_over_classes([_f1_of(truth == label, answered == label) for label in np.union1d(truth, answered)])


def _f1_of(happened: NDArray[np.bool_], answered: NDArray[np.bool_]) -> WeightedFigure:
    return ratio_of(2 * (happened & answered).astype(np.float64), happened.astype(np.float64) + answered)
