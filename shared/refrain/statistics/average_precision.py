"""Average precision: the mean precision at the scores of the positive rows, for many resamples at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from refrain.arrays import divided
from refrain.statistics.weighted_figure import WeightedFigure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from refrain.arrays import Floats


def average_precision(positive: NDArray[np.bool_], scores: Floats) -> WeightedFigure:
    """Prepare the mean of the precision among rows with at least the score of a positive row, over positive rows.

    It is the area under the steps of precision and recall; rows of one score come together (Davis & Goadrich, The
    relationship between precision-recall and ROC curves, 2006). NaN where no positive row has weight.

    >>> average_precision(np.array([True, False, True]), np.array([0.9, 0.5, 0.5])).score(np.ones((1, 3)))
    array([0.83333333])
    """
    descending = np.argsort(-scores, kind="stable")
    last_of_equals = np.flatnonzero(np.append(np.diff(scores[descending]) != 0, True))
    happened = positive[descending].astype(np.float64)

    def score(weights: Floats) -> Floats:
        ordered = np.take(weights, descending, axis=1)
        rows = np.take(ordered.cumsum(axis=1), last_of_equals, axis=1)
        ordered *= happened
        hits = np.take(ordered.cumsum(axis=1), last_of_equals, axis=1)
        precision = np.where(rows > 0, hits / np.maximum(rows, 1e-300), 0.0)
        return divided(np.einsum("rg,rg->r", np.diff(hits, axis=1, prepend=0.0), precision), hits[:, -1])

    def influence() -> Floats:
        hits, rows = happened.cumsum()[last_of_equals], last_of_equals + 1.0
        if not hits[-1]:
            return np.full(len(scores), np.nan)
        precision, own = hits / rows, np.diff(hits, prepend=0.0)
        value = own @ precision / hits[-1]
        raised = (own / rows)[::-1].cumsum()[::-1]  # by a positive row of this score or above
        lowered = (own * precision / rows)[::-1].cumsum()[::-1]  # by any row of this score or above
        group = np.searchsorted(last_of_equals, np.arange(len(scores)))
        moved = np.empty(len(scores))
        moved[descending] = happened * (precision - value + raised)[group] - lowered[group]
        influences: Floats = value + len(scores) / hits[-1] * moved
        return influences

    return WeightedFigure(score, influence)
