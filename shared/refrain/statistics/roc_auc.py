"""The area under the ROC curve as a count of rightly ordered pairs, for many resamples at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from refrain.arrays import divided
from refrain.statistics.weighted_figure import WeightedFigure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from refrain.arrays import Floats


def area_under_roc(positive: NDArray[np.bool_], scores: Floats) -> WeightedFigure:
    """Prepare the share of (positive, negative) pairs in which the positive has the higher score; ties count half.

    This is the Mann-Whitney form of the area (Hanley & McNeil 1982; Fawcett 2006); the weight of a pair is the product
    of its rows' weights. Both sides are sorted once, here. The area is NaN where one side has no weight. The influence
    of a row is its placement among the rows of the other side (DeLong, DeLong & Clarke-Pearson 1988).

    >>> area_under_roc(np.array([False, True, True]), np.array([0.5, 0.5, 0.9])).score(np.ones((1, 3)))
    array([0.75])
    """
    ascending = np.argsort(scores, kind="stable")
    positives = ascending[positive[ascending]]
    negatives = ascending[~positive[ascending]]
    below = np.searchsorted(scores[negatives], scores[positives], side="left")
    not_above = np.searchsorted(scores[negatives], scores[positives], side="right")
    ties = bool((below != not_above).any())

    def score(weights: Floats) -> Floats:
        beaten = np.zeros((len(weights), len(negatives) + 1))
        np.cumsum(np.take(weights, negatives, axis=1), axis=1, out=beaten[:, 1:])
        of_positives = np.take(weights, positives, axis=1)
        won = np.einsum("rp,rp->r", of_positives, np.take(beaten, below, axis=1))
        if ties:
            won = (won + np.einsum("rp,rp->r", of_positives, np.take(beaten, not_above, axis=1))) / 2
        pairs = of_positives.sum(axis=1) * beaten[:, -1]
        return divided(won, pairs)

    def influence() -> Floats:
        if not len(positives) or not len(negatives):
            return np.full(len(scores), np.nan)
        placed = np.empty(len(scores))
        placed[positives] = (below + not_above) / (2 * len(negatives))
        lost = np.searchsorted(scores[positives], scores[negatives], side="left")
        not_won = np.searchsorted(scores[positives], scores[negatives], side="right")
        placed[negatives] = 1 - (lost + not_won) / (2 * len(positives))
        area = placed[positives].mean()
        moved: Floats = area + len(scores) * (placed - area) / np.where(positive, len(positives), len(negatives))
        return moved

    return WeightedFigure(score, influence)
