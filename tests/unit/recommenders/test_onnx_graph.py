"""The exported graph answers as the estimator does, and masks excluded items."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone

from refrain.recommenders.top_k import rank_items
from tests.unit.recommenders.conftest import EVERY
from tests.unit.recommenders.interactions import answer, masked, padded, questions, random_interactions, same_lists

if TYPE_CHECKING:
    from refrain.recommenders import Recommender

ITEMS = 30


@cache
def fitted_once(name: str, seed: int) -> tuple[Recommender, bytes]:
    """A fitted estimator and its graph; fitting each for every example would take most of the time."""
    recommender: Recommender = clone(EVERY[name]).fit(random_interactions(seed, items=ITEMS))
    return recommender, recommender.export()


@pytest.mark.parametrize("name", EVERY)
@settings(max_examples=40)
@given(seed=st.integers(0, 3), question=questions(ITEMS))
def test_estimator_and_graph_give_the_same_lists(name: str, seed: int, question: tuple[np.ndarray, ...]) -> None:
    recommender, graph = fitted_once(name, seed)
    history, exclude, within, k = question
    rows = [row[row >= 0] for row in history]

    found = answer(graph, history, int(k), exclude, within)

    scores = recommender.scorer_.scores(rows)
    scores[[not len(row) for row in rows]] = recommender.popularity_
    size = float(np.abs(scores).max())
    expected = rank_items(masked(scores, exclude, within), int(k))
    same_lists((expected[0][:, :ITEMS], expected[1][:, :ITEMS]), found, size)
    pairs = answer(graph, history, int(k), exclude=history)
    recommended = recommender.recommend(rows, int(k))
    same_lists((recommended[0][:, :ITEMS], recommended[1][:, :ITEMS]), pairs, size)


def test_the_graph_does_not_exclude_the_history_by_itself() -> None:
    recommender = EVERY["popularity"].fit(random_interactions(1))
    first = int(np.argmax(recommender.popularity_))
    items, _ = answer(recommender.export(), np.array([[first]]), 1)
    assert items.tolist() == [[first]]


def test_an_empty_history_gets_the_popular_items_at_the_time_of_training(recommender: Recommender) -> None:
    interactions = random_interactions(2)
    fitted = recommender.fit(interactions)

    items, scores = answer(fitted.export(), np.array([[-1, -1], [3, -1]]), 5)

    half_life = fitted.chosen_.get("half_life_days", recommender.half_life_days)
    shares = interactions.shares(None if half_life is None else float(half_life))
    assert items[0].tolist() == np.argsort(-shares, kind="stable")[:5].tolist()
    np.testing.assert_allclose(scores[0], np.sort(shares)[::-1][:5])
    np.testing.assert_array_equal(fitted.recommend([np.array([], dtype=np.int64)], 5)[0][0], items[0])


def test_inputs_may_have_no_columns(recommender: Recommender) -> None:
    graph = recommender.fit(random_interactions(3)).export()
    none = np.empty((2, 0), dtype=np.int64)
    items, _ = answer(graph, none, 3, none, none)
    padding = np.full((2, 1), -1)
    np.testing.assert_array_equal(items, answer(graph, padding, 3)[0])


def test_an_answer_does_not_depend_on_the_other_requests_of_its_batch(recommender: Recommender) -> None:
    fitted = recommender.fit(random_interactions(4))
    rows = [np.array(row, dtype=np.int64) for row in ([1, 5, 9], [], [0], [2, 4, 6, 8])]
    together = answer(fitted.export(), padded(rows), 6)
    for place, row in enumerate(rows):
        alone = answer(fitted.export(), padded([row], 4), 6)
        np.testing.assert_array_equal(together[0][place], alone[0][0])
        np.testing.assert_array_equal(together[1][place], alone[1][0])


def test_there_is_no_item_when_none_is_left(recommender: Recommender) -> None:
    fitted = recommender.fit(random_interactions(5, items=4))
    items, scores = answer(fitted.export(), np.array([[0, 1]]), 9, exclude=np.array([[0, 1]]))
    assert items.shape == (1, 4)
    assert set(items[0, :2]) == {2, 3}
    assert items[0, 2:].tolist() == [-1, -1]
    assert np.isneginf(scores[0, 2:]).all()
    assert fitted.recommend([np.array([0, 1])], 9)[0][0, 2:].tolist() == [-1] * 7


def test_the_same_interactions_give_the_same_bytes(recommender: Recommender) -> None:
    first, second = (clone(recommender).fit(random_interactions(6)).export() for _ in range(2))
    assert first == second


def test_only_standard_operators_are_used(recommender: Recommender) -> None:
    model = onnx.load_from_string(recommender.fit(random_interactions(7)).export())
    assert [(each.domain, each.version) for each in model.opset_import] == [("", 18)]
    assert {node.domain for node in model.graph.node} == {""}
    assert [each.name for each in model.graph.input] == ["history", "exclude", "within", "k"]
    assert [each.name for each in model.graph.output] == ["items", "scores"]
