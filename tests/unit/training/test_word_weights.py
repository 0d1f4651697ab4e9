"""TF-IDF of the counts of words, as scikit-learn weighs them."""

from __future__ import annotations

import numpy as np
from sklearn.feature_extraction.text import TfidfTransformer

from refrain.training.word_weights import WordWeights


def test_words_are_weighed_as_by_scikit_learn_with_zeros_or_without() -> None:
    counts = np.random.default_rng(0).poisson(0.3, (50, 20)).astype(np.float32)
    counts[7] = 0
    expected = TfidfTransformer().fit_transform(counts).toarray()

    np.testing.assert_allclose(WordWeights().fit(counts).transform(counts), expected, rtol=1e-5)
    np.testing.assert_allclose(WordWeights(sparse=True).fit(counts).transform(counts).toarray(), expected, rtol=1e-5)
