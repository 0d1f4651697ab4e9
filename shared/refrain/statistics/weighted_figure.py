"""A figure of rows as a function of their weights, and how much each row moves it.

The influence values are those of the infinitesimal jackknife (Jaeckel 1972; Efron, The jackknife, the bootstrap and
other resampling plans, 1982, chapter 6): the figure plus the rows' number times its derivative by the row's weight, at
a weight of one for every row. A mean's are the averaged values themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from refrain.arrays import divided

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from refrain.arrays import Floats, Score


@dataclass(frozen=True)
class WeightedFigure:
    """A metric of one model's answers: figures of resampled rows, and the influence of each row.

    `influence()` gives values [rows] whose plain mean is the figure, and whose variance over the number of rows is the
    figure's sampling variance. It is undefined (NaN) where the figure is.
    """

    score: Score
    influence: Callable[[], Floats]


def mean_of(values: Floats) -> WeightedFigure:
    """Average values [rows].

    >>> mean_of(np.array([1.0, 3.0])).score(np.array([[1.0, 3.0]]))
    array([2.5])
    """
    return WeightedFigure(lambda weights: divided(weights @ values, weights.sum(axis=1)), lambda: values)


def ratio_of(dividends: Floats, divisors: Floats) -> WeightedFigure:
    """Divide the sum of `dividends` [rows] by that of `divisors` [rows], which are not negative.

    >>> ratio_of(np.array([1.0, 0.0, 0.0]), np.array([1.0, 1.0, 0.0])).influence()
    array([ 1.25, -0.25,  0.5 ])
    """

    def influence() -> Floats:
        total = divisors.sum()
        ratio = dividends.sum() / total if total > 0 else np.nan
        moved: Floats = ratio + len(divisors) / max(total, 1e-300) * (dividends - ratio * divisors)
        return moved

    return WeightedFigure(lambda weights: divided(weights @ dividends, weights @ divisors), influence)


def mean_over_classes(figures: Sequence[WeightedFigure]) -> WeightedFigure:
    """Average figures of classes plainly, over those defined in a resample (a rare class may be missing there).

    >>> halves = [mean_of(np.array([1.0, 1.0])), ratio_of(np.array([1.0, 0.0]), np.array([1.0, 0.0]))]
    >>> mean_over_classes(halves).score(np.array([[1.0, 1.0], [0.0, 1.0]]))
    array([1., 1.])
    """

    def score(weights: Floats) -> Floats:
        return _mean_of_defined([figure.score(weights) for figure in figures], len(weights))

    return WeightedFigure(score, lambda: _mean_of_defined([figure.influence() for figure in figures], 1))


def _mean_of_defined(figures: Sequence[Floats], empty: int) -> Floats:
    values = np.stack(figures) if figures else np.full((1, empty), np.nan)
    finite = np.isfinite(values)
    return divided(np.where(finite, values, 0.0).sum(axis=0), finite.sum(axis=0).astype(np.float64))
