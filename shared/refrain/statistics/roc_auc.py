"""The area under the ROC curve as a count of rightly ordered pairs, for many resamples at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from refrain.arrays import divided

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from refrain.arrays import Floats, Score


def area_under_roc(positive: NDArray[np.bool_], scores: Floats) -> Score:
    """Prepare the share of (positive, negative) pairs in which the positive has the higher score; ties count half.

    This is the Mann-Whitney form of the area (Hanley & McNeil 1982; Fawcett 2006); the weight of a pair is the product
    of its rows' weights. Both sides are sorted once, here. The area is NaN where one side has no weight.

    >>> area_under_roc(np.array([False, True, True]), np.array([0.5, 0.5, 0.9]))(np.ones((1, 3)))
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

    return score


def macro(scores: Sequence[Score]) -> Score:
    """Average figures of classes plainly, over those defined in a resample (a rare class may be missing there).

    >>> macro([lambda w: np.array([1.0, np.nan]), lambda w: np.array([0.5, 0.5])])(np.ones((2, 3)))
    array([0.75, 0.5 ])
    """

    def score(weights: Floats) -> Floats:
        total, defined = np.zeros(len(weights)), np.zeros(len(weights))
        for class_score in scores:
            values = class_score(weights)
            finite = np.isfinite(values)
            total[finite] += values[finite]
            defined += finite
        return divided(total, defined)

    return score
