"""The floor of evaluation is the `Popularity` candidate: over any rows both give the same lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preprocessing import RecommenderDefinition, objects, parse_definition
from refrain.recommendation.holdout_questions import make_questions
from refrain.recommendation.popularity import floor_half_life, rank_popular
from refrain.training.recommender_fit import fit_recommender
from tests.unit.recommendation.conftest import document

if TYPE_CHECKING:
    from preprocessing import Columns

ROW = st.tuples(st.integers(0, 5), st.integers(0, 7), st.integers(0, 60), st.sampled_from([-1.0, 1.0, 3.0, 1e5]))


def of_candidates(*candidates: dict[str, object]) -> RecommenderDefinition:
    parsed = parse_definition("radio", document(training={"candidates": list(candidates)}), "radio.toml")
    assert isinstance(parsed, RecommenderDefinition)
    return parsed


def popularity(**parameters: object) -> dict[str, object]:
    return {"name": "popular", "estimator": "refrain.recommenders.Popularity", **parameters}


def columns(rows: list[tuple[int, int, int, float]]) -> Columns:
    users, items, days, seconds = zip(*rows, strict=True)
    return {
        "who": objects([f"u{user}" for user in users]),
        "song": objects([f"s{item}" for item in items]),
        "at": np.datetime64("2026-01-01", "us") + np.array(days, "timedelta64[D]"),
        "seconds": np.array(seconds),
        "title": objects([None] * len(rows)),
    }


@settings(max_examples=60)
@given(
    rows=st.lists(ROW, min_size=4, max_size=60).filter(lambda rows: rows[0][3] > 0),
    later=st.lists(ROW, min_size=1, max_size=20),
    days=st.sampled_from([None, 2, 14.0]),
)
def test_the_floor_and_the_candidate_recommend_the_same_items(
    rows: list[tuple[int, int, int, float]], later: list[tuple[int, int, int, float]], days: float | None
) -> None:
    definition = of_candidates(popularity(**({} if days is None else {"half_life_days": days})))
    training = columns(rows)
    items = {"song": objects(sorted(set(training["song"]))), "title": objects([None] * len(set(training["song"])))}
    fitted = fit_recommender(definition, definition.training.candidates[0], training, items)
    asked = make_questions(definition, training, columns(later))

    lists = asked.coded_lists(fitted.catalogue.items, *fitted.rank(asked)) if len(asked) else np.empty((0, 8), int)

    floor = rank_popular(definition, training, asked, 8)
    assert lists[:, :8].tolist() == floor[:, : lists.shape[1]].tolist()


@pytest.mark.parametrize("days", [0, -3, "long"])
def test_a_half_life_that_is_refused_leaves_a_floor_for_the_other_candidates(days: object) -> None:
    assert floor_half_life(of_candidates(popularity(half_life_days=days))) is None


def test_a_definition_without_popularity_has_a_floor_without_a_half_life() -> None:
    ease = {"name": "ease", "estimator": "refrain.recommenders.Ease", "half_life_days": 3}
    assert floor_half_life(of_candidates(ease)) is None
    assert floor_half_life(of_candidates(ease, popularity(half_life_days=14))) == 14
