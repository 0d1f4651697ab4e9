"""TF-IDF over the counts of words that the preprocessing layer makes: rare words tell more than frequent ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array
from sklearn.base import BaseEstimator, TransformerMixin

if TYPE_CHECKING:
    from typing import Self

    from numpy.typing import NDArray

    type Counts = NDArray[np.float32]


class WordWeights(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Weigh each word by how few texts have it, and all words of a text to length 1; zeros are left out if `sparse`.

    scikit-learn's TfidfTransformer gives the same, but sparse always, and skl2onnx has no graph for it on a part of a
    dense matrix.
    """

    def __init__(self, sparse: bool = False) -> None:
        self.sparse = sparse

    def fit(self, counts: Counts, _target: object = None) -> Self:
        """Learn the weights of words."""
        texts = np.count_nonzero(counts, axis=0)
        self.weights_ = (np.log((1 + len(counts)) / (1 + texts)) + 1).astype(np.float32)
        return self

    def transform(self, counts: Counts) -> Any:
        """Weigh words. No text with a word is shorter than 1, so that one without any stays zero."""
        weighed = counts * self.weights_
        weighed /= np.maximum(np.sqrt(np.square(weighed).sum(axis=1, keepdims=True)), np.float32(1))
        return csr_array(weighed) if self.sparse else weighed
