"""Features that no training row has a value of: no estimator may take them into account."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from preprocessing import MISSING

if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Self

    from numpy.typing import NDArray

    from preprocessing import Definition


def mark_empty(definition: Definition, categories: Collection[str], matrix: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Mark the columns of the matrix: features that all rows lack (of `categories` it has codes), and words too."""
    empty = np.isnan(matrix).all(axis=0)
    for index, name in enumerate(definition.features):
        if name in categories:
            empty[index] = (matrix[:, index] == MISSING).all()
    words = len(definition.features)
    empty[words:] = ~matrix[:, words:].any(axis=0)
    return empty


class EmptyFeatures(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Puts zero for empty features, in training and whatever is asked later; the others keep their positions.

    Left as they are, they stop histogram boosting. Filled by the imputer, they would still count when a value comes:
    in distances, and by the random weights of a neural network.
    """

    def __init__(self, empty: NDArray[np.bool_]) -> None:
        self.empty = empty

    def fit(self, _matrix: NDArray[np.float32], _truth: object = None) -> Self:
        """Learn nothing, since the features are marked already."""
        return self

    def transform(self, matrix: NDArray[np.float32]) -> NDArray[np.float32]:
        """Put zero for the empty features."""
        return np.where(self.empty, np.float32(0), matrix)
