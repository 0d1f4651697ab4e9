"""The questions of evaluation: users, their histories, and the new items that they chose."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocessing import objects
from refrain.evaluation.recommendation import beyond_accuracy
from refrain.recommendation.holdout_questions import Questions, make_questions
from refrain.recommendation.newest_of_users import mark_newest
from refrain.recommendation.popularity import rank_popular
from refrain.snapshot.recommendation import RecommenderSnapshot
from refrain.statistics.hashing import row_hashes
from refrain.statistics.metrics import METRICS

if TYPE_CHECKING:
    from preprocessing import Columns, RecommenderDefinition


def rows(*interactions: tuple[str, str, int]) -> Columns:
    who, song, day = zip(*interactions, strict=True)
    return {
        "who": objects(who),
        "song": objects(song),
        "at": np.datetime64("2026-01-01", "us") + np.array(day, "timedelta64[D]"),
        "seconds": np.ones(len(interactions)),
        "title": objects([None] * len(interactions)),
    }


def test_an_item_of_the_history_is_no_discovery(definition: RecommenderDefinition) -> None:
    training = rows(("u1", "a", 1), ("u1", "b", 2), ("u2", "a", 1))
    holdout = rows(("u1", "a", 5), ("u1", "c", 6), ("u2", "a", 7), ("u3", "b", 5))

    asked = make_questions(definition, training, holdout)

    assert asked.users == ("u1", "u3")
    assert [[asked.items[code] for code in each] for each in asked.seen] == [["a", "b"], []]
    assert [[asked.items[code] for code in each] for each in asked.chosen] == [["c"], ["b"]]
    assert asked.cold_share == 0.5
    assert asked.chosen_counts.tolist() == [1, 1]


def test_popular_items_exclude_the_history(definition: RecommenderDefinition) -> None:
    training = rows(("u1", "a", 1), ("u2", "a", 1), ("u2", "b", 1), ("u3", "c", 1), ("u3", "b", 1), ("u3", "a", 1))
    asked = make_questions(definition, training, rows(("u1", "c", 5)))

    ranked = rank_popular(definition, training, asked, 3)

    assert [asked.items[code] for code in ranked[0] if code >= 0] == ["b", "c"]
    assert asked.hits(ranked).tolist() == [[0.0, 1.0, 0.0]]


def test_each_user_s_newest_interactions_are_held_out(definition: RecommenderDefinition) -> None:
    interactions = rows(*[("u1", f"s{day}", day) for day in range(9, -1, -1)], ("u3", "c", 9))

    held = mark_newest(definition, interactions)

    assert interactions["song"][held].tolist() == ["s9", "s8"]


def test_the_share_is_kept_over_users_with_few_interactions_each(definition: RecommenderDefinition) -> None:
    interactions = rows(*[(f"u{user}", f"s{day}", day) for user in range(300) for day in range(3)])

    held = mark_newest(definition, interactions)

    assert 0.17 < held.mean() < 0.23
    assert set(interactions["song"][held]) == {"s2"}
    assert (mark_newest(definition, interactions) == held).all()


def test_by_hash_all_interactions_of_an_item_by_a_user_are_on_one_side(definition: RecommenderDefinition) -> None:
    from dataclasses import replace

    by_hash = replace(definition, training=replace(definition.training, split="hash", holdout=0.5))
    interactions = rows(*[(f"u{user}", f"s{song}", day) for user in range(20) for song in range(5) for day in range(3)])

    held = RecommenderSnapshot(by_hash).hold_out_by_hash(row_hashes(interactions, by_hash.identity))

    pairs = list(zip(interactions["who"], interactions["song"], strict=True))
    sides: dict[Any, set[bool]] = {pair: set() for pair in pairs}
    for pair, side in zip(pairs, held.tolist(), strict=True):
        sides[pair].add(side)
    assert all(len(each) == 1 for each in sides.values())
    assert 0.3 < held.mean() < 0.7


@given(
    st.lists(st.tuples(st.lists(st.booleans(), min_size=10, max_size=10), st.integers(0, 5)), min_size=1, max_size=8)
)
def test_metrics_equal_their_published_formulas(lists: list[tuple[list[bool], int]]) -> None:
    hits = np.array([each for each, _ in lists], float)
    truth = hits.sum(axis=1) + np.array([more for _, more in lists]) + (hits.sum(axis=1) == 0)

    def expected(most: int) -> dict[str, float]:
        ndcg, recall, hit = [], [], []
        for line, chosen in zip(hits.tolist(), truth.tolist(), strict=True):
            gain = sum(found / math.log2(place + 2) for place, found in enumerate(line[:most]))
            best = sum(1 / math.log2(place + 2) for place in range(min(int(chosen), most)))
            ndcg.append(gain / best)
            recall.append(sum(line[:most]) / chosen)
            hit.append(float(any(line[:most])))
        return {"ndcg": np.mean(ndcg), "recall": np.mean(recall), "hit_rate": np.mean(hit)}

    for most in (1, 5, 10, 20):
        for name, value in expected(most).items():
            assert METRICS[f"{name}@{most}"].value(truth, hits) == pytest.approx(value)


def test_coverage_novelty_and_cold_users_are_measured_beyond_accuracy() -> None:
    asked = Questions(
        users=("u1", "u2"),
        items=("a", "b", "c", "d"),
        seen=[np.array([0]), np.empty(0, np.int64)],
        chosen=[np.array([1]), np.array([2])],
        interactions=np.array([4, 2, 1, 1]),
    )

    found = beyond_accuracy(asked, np.array([[1, 2], [1, -1]]))

    assert found == {"coverage": 0.5, "novelty": pytest.approx((2 + 3 + 2) / 3), "cold_users": 0.5}


def test_items_of_no_question_take_no_place_in_a_list() -> None:
    asked = Questions(users=("u1", "u2"), items=("a", "b", "c"), seen=[], chosen=[], interactions=np.array([1, 1, 1]))
    scores = np.array([[3, 2, 1], [3, 2, -np.inf]], np.float32)

    lists = asked.coded_lists(("new", "c", "a"), np.array([[0, 2, 1], [1, 0, -1]]), scores)

    assert lists.tolist() == [[0, 2, -1], [2, -1, -1]]
