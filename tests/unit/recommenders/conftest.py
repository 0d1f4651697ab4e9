"""The estimators, in all their variants."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from refrain.recommenders import AlternatingLeastSquares, Ease, FilteredEase, ItemKnn, Popularity

if TYPE_CHECKING:
    from refrain.recommenders import Recommender

EVERY: dict[str, Recommender] = {
    "popularity": Popularity(),
    "popularity of the moment": Popularity(half_life_days=14),
    "ease": Ease(regularization=5, neighbours=None),
    "ease, truncated": Ease(regularization=5, neighbours=7, half_life_days=30),
    "ease with dropout": Ease(regularization=5, dropout=0.3),
    "ease and a filter": FilteredEase(regularization=5, factors=4),
    "ease and a filter, truncated": FilteredEase(neighbours=6),
    "neighbours": ItemKnn(shrinkage=2),
    "neighbours by log, truncated": ItemKnn(neighbours=5, weighting="log"),
    "neighbours by tfidf": ItemKnn(weighting="tfidf", half_life_days=7),
    "neighbours by bm25": ItemKnn(weighting="bm25"),
    "factors": AlternatingLeastSquares(factors=6, iterations=3),
}


@pytest.fixture(params=EVERY)
def recommender(request: pytest.FixtureRequest) -> Recommender:
    """Each of them, not fitted."""
    made: Recommender = EVERY[request.param]
    return made
