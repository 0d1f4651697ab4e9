"""Items that nobody has chosen: offered by descriptions, and the same by estimator and graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone

from refrain.recommenders import FilteredEase, Popularity
from refrain.recommenders.described_items import MAX_RELATIVES, compare_descriptions
from tests.unit.recommenders.conftest import EVERY
from tests.unit.recommenders.interactions import answer, padded, random_interactions, same_lists

if TYPE_CHECKING:
    from refrain.recommenders.described_items import Texts

HISTORIES = [np.array([3, 1, 20]), np.array([7]), np.array([0, 2, 4, 31]), np.array([30]), np.array([], np.int64)]


def likeness_of_kinds() -> csr_array:
    """Two new items of thirty: one like the even ones, one like the odd ones."""
    return csr_array(np.stack([(np.arange(30) % 2 == kind) * 0.3 for kind in (0, 1)], axis=1))


@pytest.mark.parametrize("name", EVERY)
def test_estimator_and_graph_offer_the_same_new_items(name: str) -> None:
    fitted = clone(EVERY[name]).fit(random_interactions(1))
    fitted.extend(likeness_of_kinds())

    items, scores = answer(fitted.export(), padded(HISTORIES, 4), 32, padded(HISTORIES, 4))

    same_lists(fitted.recommend(HISTORIES, 32), (items, scores), float(np.abs(fitted.scorer_.scores(HISTORIES)).max()))
    assert all({30, 31} - set(history) <= set(row) for history, row in zip(HISTORIES, items.tolist(), strict=True))


@pytest.mark.parametrize("name", [name for name in EVERY if not isinstance(EVERY[name], Popularity)])
def test_a_new_item_is_offered_to_those_who_like_its_relatives(name: str) -> None:
    fitted = clone(EVERY[name]).fit(random_interactions(2, users=300))
    fitted.extend(likeness_of_kinds())

    even, odd = fitted.scorer_.scores([np.array([2, 4, 6]), np.array([1, 3, 5])])

    assert even[30] > even[31]
    assert odd[31] > odd[30]


def test_a_new_item_in_a_history_speaks_for_its_relatives() -> None:
    fitted = FilteredEase(factors=4).fit(random_interactions(3, users=300))
    fitted.extend(likeness_of_kinds())
    (scores,) = fitted.scorer_.scores([np.array([30])])
    assert scores[0:30:2].mean() > scores[1:30:2].mean()


def test_descriptions_are_alike_by_rare_texts_and_words() -> None:
    learned: Texts = {
        "artist": ["Miles Davis", "Miles Davis", "Kylie Minogue", "Kylie Minogue", "Kylie Minogue", "Slayer"],
        "title": ["So What", "Blue in Green", "Slow", "The Loco-Motion", None, "Raining Blood"],
    }
    new: Texts = {"artist": ["miles davis", "Nobody", None], "title": ["All Blues", "Slow Train", None]}

    likeness = compare_descriptions(learned, new).toarray()

    assert np.flatnonzero(likeness[:, 0]).tolist() == [0, 1]
    assert np.count_nonzero(likeness, axis=0).tolist() == [2, 0, 0]


def test_a_description_that_all_items_share_makes_none_alike() -> None:
    assert compare_descriptions({"kind": ["song"] * 9}, {"kind": ["song"]}).nnz == 0


def test_the_number_of_relatives_is_bounded() -> None:
    learned = {"artist": [f"artist {number % 3}" for number in range(300)]}
    likeness = compare_descriptions(learned, {"artist": ["artist 1", "artist nine"]}).toarray()
    assert np.count_nonzero(likeness, axis=0).tolist() == [MAX_RELATIVES, 0]
