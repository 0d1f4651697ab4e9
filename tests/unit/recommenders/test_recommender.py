"""Popularity, computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from refrain.recommenders import Popularity
from tests.unit.recommenders.interactions import make_interactions

AMOUNTS = [[4, 1, 0], [0, 1, 2]]


def test_without_a_half_life_all_users_of_an_item_count_the_same_whatever_their_weights() -> None:
    fitted = Popularity().fit(make_interactions(AMOUNTS))
    np.testing.assert_allclose(fitted.popularity_, [1 / 4, 2 / 4, 1 / 4])


def test_a_user_counts_half_after_its_half_life() -> None:
    days_ago = np.array([[20.0, 0.0, 0.0], [0.0, 10.0, 0.0]])
    fitted = Popularity(half_life_days=10).fit(make_interactions(AMOUNTS, days_ago))
    np.testing.assert_allclose(fitted.popularity_, np.array([1 / 4, 1 + 1 / 2, 1]) / 2.75, rtol=1e-6)
    assert fitted.recommend([np.array([], dtype=np.int64)], 3)[0].tolist() == [[1, 2, 0]]


def test_old_interactions_still_rank_above_none() -> None:
    days_ago = np.array([[0.0, 0.0, 90_000.0]])
    fitted = Popularity(half_life_days=1).fit(make_interactions([[1, 0, 1]], days_ago))
    assert fitted.popularity_[2] > fitted.popularity_[1] == 0


def test_equal_scores_are_ordered_by_code() -> None:
    fitted = Popularity().fit(make_interactions([[1, 2, 1, 2, 1], [0, 1, 0, 1, 0]]))
    assert fitted.recommend([np.array([], dtype=np.int64)], 4)[0].tolist() == [[1, 3, 0, 2]]


@pytest.mark.parametrize("half_life", [0, -1, float("nan")])
def test_a_half_life_that_is_not_positive_is_refused(half_life: float) -> None:
    with pytest.raises(ValueError, match="half-life must be more than 0 days"):
        Popularity(half_life_days=half_life).fit(make_interactions(AMOUNTS))


def test_fitting_without_interactions_is_refused() -> None:
    with pytest.raises(ValueError, match="there are no interactions"):
        Popularity().fit(make_interactions([[0, 0]]))
