"""Metrics of values, prepared for one model's answers [rows]; truth is values [rows]."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from refrain.arrays import divided
from refrain.statistics.weighted_figure import WeightedFigure, mean_of, ratio_of

if TYPE_CHECKING:
    from refrain.arrays import Floats, Truth


def prepare_rmse(truth: Truth, values: Floats) -> WeightedFigure:
    """Take the root of the mean squared error."""
    squares = (truth - values) ** 2
    mean = mean_of(squares)

    def influence() -> Floats:
        root = np.sqrt(squares.mean())
        moved: Floats = (root + squares / root) / 2 if root else squares
        return moved

    return WeightedFigure(lambda weights: np.sqrt(mean.score(weights)), influence)


def prepare_mae(truth: Truth, values: Floats) -> WeightedFigure:
    """Average the absolute errors."""
    return mean_of(np.abs(truth - values))


def prepare_mape(truth: Truth, values: Floats) -> WeightedFigure:
    """Average the absolute errors as shares of the true values; undefined where one of these is 0."""
    return mean_of(divided(np.abs(truth - values), np.abs(truth)))


def find_relative_median(target: Floats) -> np.floating:
    """Return the value with the smallest mean of absolute errors as shares: the median, rows weighted by 1 / value.

    >>> float(find_relative_median(np.array([1.0, 10.0, 10.0])))
    1.0
    """
    ascending = np.sort(target)
    reached: Floats = divided(np.ones(len(target)), np.abs(ascending)).cumsum()
    return ascending[np.searchsorted(reached, reached[-1] / 2)]  # type: ignore[no-any-return]


def prepare_pinball(quantile: float, truth: Truth, values: Floats) -> WeightedFigure:
    """Koenker & Bassett, Regression quantiles, 1978: an answer below the truth costs `quantile`, one above the rest."""
    errors = truth - values
    return mean_of(np.maximum(quantile * errors, (quantile - 1) * errors))


def prepare_r2(truth: Truth, values: Floats) -> WeightedFigure:
    """Draper & Smith, Applied regression analysis, 1998."""
    centred: Floats = truth - truth.mean() if len(truth) else np.empty(0)
    errors = (truth - values) ** 2

    def score(weights: Floats) -> Floats:
        spread = weights @ centred**2 - divided((weights @ centred) ** 2, weights.sum(axis=1))
        varies = spread > 1e-12 * (weights @ centred**2)
        return 1 - divided(weights @ errors, np.where(varies, spread, 0.0))

    return WeightedFigure(score, lambda: 1 - ratio_of(errors, centred**2).influence())
