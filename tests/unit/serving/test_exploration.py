"""Exploration: which slots it takes, how often, and what it says of the chances."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from refrain.model.recommendation import Recommendation
from refrain.recommendation.recommendation_request import RecommendationRequest
from refrain.serving.exploration import ask_for_more, explore_list, may_explore

PLAIN = RecommendationRequest("u1", None, 5, exclude=(), exclude_seen=True, within=())
LONGER = Recommendation(list(range(100, 120)), [1 - place / 20 for place in range(20)], popular=False)


def test_each_item_is_offered_as_often_as_its_propensity_says() -> None:
    lists = [explore_list(LONGER, 5, 0.2, f"id-{number}") for number in range(20_000)]
    offered = Counter(item for answer in lists for item in answer.items)
    chances = {item: chance for answer in lists for item, chance in zip(answer.items, answer.propensities, strict=True)}

    assert len(chances) == 20
    assert sum(chances.values()) == pytest.approx(5)
    for item, chance in chances.items():
        assert offered[item] / len(lists) == pytest.approx(chance, abs=4 * np.sqrt(chance / len(lists)))


def test_no_item_is_offered_twice_and_each_keeps_its_score() -> None:
    for number in range(500):
        answer = explore_list(LONGER, 5, 0.2, f"id-{number}")
        assert len(set(answer.items)) == 5
        assert answer.scores == [LONGER.scores[item - 100] for item in answer.items]


def test_the_same_id_makes_the_same_list() -> None:
    lists = [explore_list(LONGER, 5, 0.2, "id") for _ in range(2)]
    assert lists[0] == lists[1]
    assert len({tuple(explore_list(LONGER, 5, 0.2, f"id-{number}").items) for number in range(50)}) > 1


@pytest.mark.parametrize("items", [0, 3, 5, 9])
def test_a_list_with_too_few_items_below_it_does_not_explore(items: int) -> None:
    longer = replace(LONGER, items=LONGER.items[:items], scores=LONGER.scores[:items])
    answer = explore_list(longer, 5, 0.2, "id")
    assert answer.items == LONGER.items[: min(items, 5)]
    assert answer.propensities == [1.0] * min(items, 5)


@pytest.mark.parametrize(
    "change", [{"user": None}, {"history": ("s1",)}, {"exclude": ("s1",)}, {"exclude_seen": False}, {"within": ("s1",)}]
)
def test_a_list_that_cannot_be_judged_does_not_explore(change: dict[str, object]) -> None:
    assert may_explore(PLAIN)
    assert not may_explore(replace(PLAIN, **change))  # type: ignore[arg-type]


def test_only_lists_that_explore_are_asked_for_items_below() -> None:
    assert [request.k for request in ask_for_more([PLAIN, PLAIN], [True, False])] == [20, 5]
