"""Neighbours at equal distance: the last ones share what is left of the count.

Tables of categories and round numbers are full of such rows. Which of them scikit-learn takes depends on the order in
its tree, which no graph can repeat, and says nothing about the row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from refrain.training.converters.distances import SAME, check_metric, kept_answers, kept_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from refrain.arrays import Floats

SPARE_ROWS = 64
"""So many rows besides the count are looked at first; where all of them are as near, all training rows are."""

MAX_NUMBERS_AT_ONCE = 1_000_000
"""Rows are answered together as long as their neighbours have no more values than these."""

POWERS: dict[str, Callable[[Floats, float], Floats]] = {
    "manhattan": lambda sizes, _: sizes.sum(axis=2),
    "euclidean": lambda sizes, _: np.sqrt((sizes**2).sum(axis=2)),
    "sqeuclidean": lambda sizes, _: (sizes**2).sum(axis=2),
    "chebyshev": lambda sizes, _: sizes.max(axis=2),
    "minkowski": lambda sizes, power: (sizes**power).sum(axis=2) ** (1 / power),
}


def share_ties(estimator: Any) -> Any:
    """Return fitted neighbours with shared ties; another estimator as it is. Raises `NoGraph` for a metric without."""
    kind = {KNeighborsClassifier: TiedClassifier, KNeighborsRegressor: TiedRegressor}.get(type(estimator))
    if kind is None:
        return estimator
    check_metric(estimator)
    tied = kind(**estimator.get_params(deep=False))
    vars(tied).update(vars(estimator))
    return tied


class TiedNeighbours:
    """Answers by the mean of the nearest rows: of classes as shares, or of values."""

    n_neighbors: int
    weights: str
    kneighbors: Callable[..., Any]

    def answer(self, asked: Floats) -> Floats:
        """Answer rows, as many at a time as memory allows."""
        trained, truths = kept_rows(self), kept_answers(self)
        rows, width = trained.shape
        count = max(self.n_neighbors, min(rows, self.n_neighbors + SPARE_ROWS))
        size = max(1, MAX_NUMBERS_AT_ONCE // (count * width))
        blocks = (asked[start : start + size] for start in range(0, len(asked), size))
        return np.concatenate([truths[:0], *(self._mean(block, count, trained, truths) for block in blocks)])

    def _mean(self, asked: Floats, count: int, trained: Floats, truths: Floats) -> Floats:
        answers, complete = self._mean_of(asked, count, trained, truths)
        for row in np.flatnonzero(~complete):
            answers[row] = self._mean_of(asked[[row]], len(trained), trained, truths)[0]
        return answers

    def _mean_of(self, asked: Floats, count: int, trained: Floats, truths: Floats) -> tuple[Floats, Any]:
        near = self.kneighbors(asked, count, return_distance=False)
        wanted = self.n_neighbors
        metric, power = check_metric(self)
        distances = POWERS[metric](np.abs(trained[near] - asked[:, None]), power)
        last = np.partition(distances, wanted - 1, axis=1)[:, [wanted - 1]]
        nearer = distances < last * (1 - SAME)
        tied = (distances <= last * (1 + SAME)) & ~nearer
        left = wanted - nearer.sum(axis=1, keepdims=True)
        weights = (nearer + tied * left / tied.sum(axis=1, keepdims=True)) * self._weights(distances)
        complete = (count == len(trained)) | (distances > last * (1 + SAME)).any(axis=1)
        return np.einsum("rn,rnc->rc", weights, truths[near]) / weights.sum(axis=1, keepdims=True), complete

    def _weights(self, distances: Floats) -> Floats:
        if self.weights != "distance":
            return np.ones_like(distances)
        same = distances == 0
        with np.errstate(divide="ignore"):
            return np.where(same.any(axis=1, keepdims=True), same, 1 / distances)


class TiedClassifier(TiedNeighbours, KNeighborsClassifier):  # type: ignore[misc]
    """Neighbours that vote."""

    def predict_proba(self, asked: Floats) -> Floats:
        """Answer with the shares of the classes."""
        return self.answer(asked)


class TiedRegressor(TiedNeighbours, KNeighborsRegressor):  # type: ignore[misc]
    """Neighbours of which the mean is taken."""

    def predict(self, asked: Floats) -> Floats:
        """Answer with the mean of the values."""
        return self.answer(asked)[:, 0]
