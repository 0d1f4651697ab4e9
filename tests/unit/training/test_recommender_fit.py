"""Items that no row has: which of them a fitted recommender offers."""

from __future__ import annotations

import numpy as np
import pytest

from refrain.recommendation.catalogue import Catalogue
from refrain.recommenders import Ease, Recommender
from refrain.training.recommender_fit import add_new_items
from tests.unit.recommenders.interactions import random_interactions

LEARNED = [f"s{number}" for number in range(30)]
"""The items of random interactions."""


@pytest.fixture
def fitted() -> Recommender:
    """A recommender of thirty items."""
    return Ease(regularization=10, half_life_days=7).fit(random_interactions(1))


def described(**artists: str | None) -> dict[str, dict[str, str | None]]:
    """Texts of the learned items, by one of three artists each, and of more items."""
    return {"artist": {song: f"Artist {number % 3}" for number, song in enumerate(LEARNED)} | artists}


def offer(fitted: Recommender, texts: dict[str, dict[str, str | None]]) -> Catalogue:
    """Offer what the texts describe besides the learned items."""
    learned = {column: [by_item[song] for song in LEARNED] for column, by_item in texts.items()}
    return add_new_items(fitted, Catalogue(tuple(LEARNED), learned), texts)


def test_an_item_is_offered_whose_description_is_like_that_of_a_learned_one(fitted: Recommender) -> None:
    catalogue = offer(fitted, described(like="artist 1", unlike="Somebody", silent=None))

    assert (catalogue.items[30:], catalogue.new) == (("like",), 1)
    assert fitted.scorer_.scores([np.array([0])]).shape == (1, 31)


def test_nothing_changes_where_nothing_is_new_or_nothing_is_described(fitted: Recommender) -> None:
    assert offer(fitted, described()).items == tuple(LEARNED)
    assert offer(fitted, described(unlike="Somebody")).items == tuple(LEARNED)
    assert offer(fitted, {}).items == tuple(LEARNED)
    assert len(fitted.popularity_) == 30


def test_new_items_are_at_most_as_many_as_learned_ones_and_the_most_similar_ones(fitted: Recommender) -> None:
    alike = {f"near{number}": "Artist 2" for number in range(20)}
    less = {f"far{number}": "Artist 2 and his many, many friends" for number in range(20)}

    catalogue = offer(fitted, described(**less, **alike))

    assert catalogue.new == 30
    assert set(alike) < set(catalogue.learned + catalogue.items[30:])


def test_the_order_of_new_items_does_not_follow_their_ids(fitted: Recommender) -> None:
    new = offer(fitted, described(**{f"new{number:02d}": "Artist 1" for number in range(20)})).items[30:]
    assert sorted(new) != list(new)
