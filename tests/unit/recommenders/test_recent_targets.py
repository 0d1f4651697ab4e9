"""Models that predict recent interactions: the weights against their definition, and what they are for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from refrain.recommenders import Ease, FilteredEase, Interactions, ItemKnn, Recommender
from refrain.recommenders.half_life_choice import CENTURY
from refrain.recommenders.neighbours import Neighbours
from refrain.recommenders.recent_targets import recent_scores, recent_weights
from refrain.recommenders.ridge import ridge_inverse
from tests.unit.recommenders.interactions import make_interactions, random_interactions

if TYPE_CHECKING:
    from numpy.typing import NDArray

HISTORIES = [np.array([3, 1, 20]), np.array([7]), np.array([0, 2, 4, 6, 8])]
NEW, FADED = 0, 1

timed = pytest.mark.parametrize("kind", [Ease, FilteredEase, ItemKnn])


@pytest.mark.parametrize("users", [20, 60])
def test_histories_predict_each_item_from_the_others_by_how_much_it_still_counts(users: int) -> None:
    interactions = random_interactions(1, users)
    pairs = (interactions.weights.toarray() > 0).astype(float)
    targets = np.zeros_like(pairs)
    targets[interactions.weights.nonzero()] = interactions.decay(20)
    solved = np.zeros((30, 30))
    for item in range(30):
        others = np.arange(30) != item
        features = pairs[:, others]
        solved[others, item] = np.linalg.solve(features.T @ features + 7 * np.eye(29), features.T @ targets[:, item])

    scores = _scores(Ease(regularization=7, neighbours=None, half_life_days=20).fit(interactions), HISTORIES)

    for row, history in enumerate(HISTORIES):
        np.testing.assert_allclose(scores[row], solved[history].sum(axis=0), atol=1e-3 * np.abs(solved).max() * 5)


@pytest.mark.parametrize("users", [20, 60])
def test_histories_are_scored_for_many_half_lives_as_by_the_weights_of_each(users: int) -> None:
    interactions = random_interactions(1, users)
    pairs, targets = interactions.binary(), [interactions.targets(days) for days in (2, 20)]
    inverse = ridge_inverse(pairs, np.full(30, 7.0))

    scores = recent_scores(pairs, pairs, targets, inverse)

    for target, scored in zip(targets, scores, strict=True):
        expected = pairs @ np.concatenate(list(recent_weights(pairs, target, inverse)))
        seen = pairs.toarray() > 0
        np.testing.assert_allclose(scored[~seen], expected[~seen], atol=1e-4 * np.abs(expected).max())


@timed
def test_a_very_long_half_life_is_none_at_all(kind: type[Recommender]) -> None:
    interactions = random_interactions(2)
    long, none = (_scores(kind(half_life_days=days).fit(interactions), HISTORIES) for days in (30_000.0, CENTURY))
    np.testing.assert_allclose(long, none, atol=2e-3 * np.abs(none).max())


@timed
def test_interactions_without_a_time_count_in_full(kind: type[Recommender]) -> None:
    timeless = random_interactions(2).weights
    interactions = Interactions(timeless, np.full(timeless.nnz, np.nan), np.nan)
    timed_scores, none = (_scores(kind(half_life_days=days).fit(interactions), HISTORIES) for days in (7, CENTURY))
    np.testing.assert_allclose(timed_scores, none, atol=2e-3 * np.abs(none).max())


@timed
def test_an_item_that_rises_goes_before_one_of_the_same_users_that_fades(kind: type[Recommender]) -> None:
    amounts, days_ago = _rising_and_fading()
    ask = [np.array([item]) for item in range(4, 9)]
    for half_life, leader in ((CENTURY, FADED), (3.0, NEW)):
        scores = _scores(kind(half_life_days=half_life).fit(make_interactions(amounts, days_ago)), ask)
        other = NEW + FADED - leader
        assert scores[:, leader].mean() > scores[:, other].mean()


def test_more_than_one_block_of_items_is_explained_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    interactions = random_interactions(4)
    whole = Ease(neighbours=9, half_life_days=20).fit(interactions).scorer_
    for module in ("ridge", "recent_targets"):
        monkeypatch.setattr(f"refrain.recommenders.{module}.BLOCK", 8)
    parts = Ease(neighbours=9, half_life_days=20).fit(interactions).scorer_
    assert isinstance(whole, Neighbours) and isinstance(parts, Neighbours)
    np.testing.assert_array_equal(parts.targets, whole.targets)
    np.testing.assert_allclose(parts.weights, whole.weights, rtol=2e-3)


def test_more_work_than_there_is_time_for_is_refused_beforehand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("refrain.recommenders.recent_targets.MAX_OPERATIONS", 1e3)
    with pytest.raises(ValueError, match="half_life_days would take"):
        Ease(half_life_days=7).fit(random_interactions(5))


def _scores(fitted: Recommender, histories: list[NDArray[np.int64]]) -> NDArray[np.float32]:
    return fitted.scorer_.scores(histories)


def _rising_and_fading() -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return interactions of users alike: 60 chose the fading item a month ago, 30 the new one today."""
    draw = np.random.default_rng(0)
    amounts = (draw.random((200, 12)) < 0.4).astype(np.int64)
    days_ago = np.full(amounts.shape, 20.0)
    amounts[:, [NEW, FADED]] = 0
    amounts[:30, NEW], days_ago[:, NEW] = 1, 0.0
    amounts[:60, FADED], days_ago[:, FADED] = 1, 30.0
    return amounts, days_ago
