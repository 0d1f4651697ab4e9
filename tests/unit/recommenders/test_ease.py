"""EASE, compared with its definition."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from refrain.recommenders import Ease, Interactions
from refrain.recommenders.neighbours import Neighbours
from tests.unit.recommenders.interactions import permuted, random_interactions, same_lists

HISTORIES = [np.array([3, 1, 20]), np.array([7]), np.array([0, 2, 4, 6, 8])]


def test_it_is_the_best_linear_prediction_of_each_item_from_the_others() -> None:
    interactions = random_interactions(1)
    pairs = (interactions.weights.toarray() > 0).astype(float)
    solved = np.zeros((30, 30))
    for item in range(30):
        others = np.arange(30) != item
        features = pairs[:, others]
        solved[others, item] = np.linalg.solve(features.T @ features + 7 * np.eye(29), features.T @ pairs[:, item])

    scores = Ease(regularization=7, neighbours=None).fit(interactions).scorer_.scores(HISTORIES)

    for row, history in enumerate(HISTORIES):
        np.testing.assert_allclose(scores[row], solved[history].sum(axis=0), atol=1e-3 * np.abs(solved).max() * 5)


def test_an_item_keeps_its_strongest_neighbours_positive_and_negative() -> None:
    interactions = random_interactions(2)
    whole = Ease(regularization=7, neighbours=None).fit(interactions).scorer_.scores([np.array([5])])[0]
    few = Ease(regularization=7, neighbours=6).fit(interactions).scorer_.scores([np.array([5])])[0]
    kept = np.argsort(-np.abs(whole))[:6]
    np.testing.assert_array_equal(few[kept], whole[kept])
    assert np.count_nonzero(few) == 6


def test_the_order_of_the_items_changes_nothing() -> None:
    interactions, order = random_interactions(3), np.random.default_rng(3).permutation(30)
    places = np.argsort(order)
    straight = Ease(regularization=10, neighbours=None, half_life_days=14).fit(interactions).recommend(HISTORIES, 10)
    shuffled = Ease(regularization=10, neighbours=None, half_life_days=14).fit(permuted(interactions, order))
    items, scores = shuffled.recommend([places[row] for row in HISTORIES], 10)
    same_lists(straight, (order[items], scores))


def test_more_than_one_block_of_items_is_inverted_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    interactions = random_interactions(4)
    whole = Ease(neighbours=9).fit(interactions).scorer_
    for module in ("ridge", "ease"):
        monkeypatch.setattr(f"refrain.recommenders.{module}.BLOCK", 8)
    parts = Ease(neighbours=9).fit(interactions).scorer_
    assert isinstance(whole, Neighbours) and isinstance(parts, Neighbours)
    np.testing.assert_array_equal(parts.targets, whole.targets)
    np.testing.assert_allclose(parts.weights, whole.weights, rtol=2e-3)


def test_a_matrix_that_does_not_fit_into_memory_is_refused_beforehand() -> None:
    pairs = csr_array((np.ones(1, dtype=np.float32), (np.array([0]), np.array([0]))), shape=(50_000, 50_000))
    with pytest.raises(ValueError, match=r"would need 20\.0 GB for 50,000 items"):
        Ease().fit(Interactions(pairs, np.array([0.0]), 0.0))


@pytest.mark.parametrize("regularization", [0, -1, float("nan")])
def test_a_regularization_that_is_not_positive_is_refused(regularization: float) -> None:
    with pytest.raises(ValueError, match="more than 0"):
        Ease(regularization=regularization).fit(random_interactions(5))
