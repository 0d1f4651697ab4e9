"""Neighbours of items, compared with cosines computed by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from refrain.recommenders import Interactions, ItemKnn
from refrain.recommenders.item_knn import Weighting, weigh
from refrain.recommenders.neighbours import Neighbours
from tests.unit.recommenders.interactions import make_interactions, permuted, random_interactions, same_lists

BY_AMOUNT: tuple[Weighting, ...] = ("log", "tfidf", "bm25")
HISTORIES = [np.array([3, 1, 20]), np.array([7]), np.array([0, 2, 4, 6, 8])]


@pytest.mark.parametrize("shrinkage", [0, 3.5])
def test_scores_are_sums_of_cosines(shrinkage: float) -> None:
    interactions = random_interactions(1)
    pairs = (interactions.weights.toarray() > 0).astype(float)
    cosines = np.zeros((30, 30))
    for one in range(30):
        for other in range(30):
            if one != other:
                sizes = np.linalg.norm(pairs[:, one]) * np.linalg.norm(pairs[:, other])
                cosines[one, other] = pairs[:, one] @ pairs[:, other] / (sizes + shrinkage)

    scores = ItemKnn(neighbours=None, shrinkage=shrinkage).fit(interactions).scorer_.scores(HISTORIES)

    for row, history in enumerate(HISTORIES):
        np.testing.assert_allclose(scores[row], cosines[history].sum(axis=0), rtol=2e-3)


def test_many_interactions_weigh_more_and_widely_chosen_items_weigh_less() -> None:
    interactions = make_interactions([[9, 1, 0], [1, 0, 1], [1, 0, 0]])
    for weighting in BY_AMOUNT:
        weighed = weigh(interactions, weighting).toarray()
        assert weighed[0, 0] > weighed[1, 0] > 0
        assert weighed[1, 1] == 0
    for weighting in BY_AMOUNT[1:]:
        weighed = weigh(interactions, weighting).toarray()
        assert weighed[1, 2] > weighed[1, 0]
    np.testing.assert_allclose(weigh(interactions, "log").toarray()[0], [np.log(10), np.log(2), 0], rtol=1e-6)
    np.testing.assert_array_equal(weigh(interactions, "binary").toarray()[0], [1, 1, 0])


def test_blocks_of_items_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    interactions = random_interactions(2)
    whole = ItemKnn(neighbours=8).fit(interactions).scorer_
    monkeypatch.setattr("refrain.recommenders.item_knn.MAX_HELD_SIMILARITIES", 100)
    parts = ItemKnn(neighbours=8).fit(interactions).scorer_
    assert isinstance(whole, Neighbours) and isinstance(parts, Neighbours)
    np.testing.assert_array_equal(parts.targets, whole.targets)
    np.testing.assert_array_equal(parts.weights, whole.weights)


def test_the_order_of_the_items_changes_nothing() -> None:
    interactions, order = random_interactions(3), np.random.default_rng(3).permutation(30)
    places = np.argsort(order)
    straight = (
        ItemKnn(neighbours=None, weighting="log", shrinkage=0.0, half_life_days=14)
        .fit(interactions)
        .recommend(HISTORIES, 10)
    )
    items, scores = (
        ItemKnn(neighbours=None, weighting="log", shrinkage=0.0, half_life_days=14)
        .fit(permuted(interactions, order))
        .recommend([places[row] for row in HISTORIES], 10)
    )
    same_lists(straight, (order[items], scores))


def test_a_fit_that_takes_too_long_is_refused_beforehand() -> None:
    users, plays_each = 400, 10_000
    indices = np.tile(np.arange(plays_each), users)
    pairs = csr_array(
        (np.ones(len(indices), dtype=np.float32), indices, np.arange(users + 1) * plays_each), shape=(users, plays_each)
    )
    with pytest.raises(ValueError, match=r"4\.0e\+10 pairs of interactions"):
        ItemKnn().fit(Interactions(pairs, np.zeros(len(indices)), 0.0))
    few = csr_array((np.ones(1, dtype=np.float32), (np.array([0]), np.array([0]))), shape=(1, 200_000))
    with pytest.raises(ValueError, match=r"4\.0e\+10 pairs of items"):
        ItemKnn().fit(Interactions(few, np.zeros(1), 0.0))


def test_unknown_weightings_and_negative_shrinkage_are_refused() -> None:
    with pytest.raises(ValueError, match="weighting is one of binary, log, tfidf, bm25, not 'loud'"):
        ItemKnn(weighting="loud").fit(random_interactions(4))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="must not be negative"):
        ItemKnn(shrinkage=-1).fit(random_interactions(4))
