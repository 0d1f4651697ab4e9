"""Cells: counted in training and in service alike, whatever the values are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocessing import objects
from refrain.lake.feature_profile import AnswerProfile, Movement, Profile
from refrain.lake.version import Baseline
from refrain.monitoring.reference import Reference, answer_references
from refrain.statistics.bins import bin_numbers, number_cells
from refrain.training.baseline import profile_answers, profile_category, profile_number

numbers = st.lists(st.one_of(st.just(0.0), st.integers(-3, 3).map(float), st.floats(-1e6, 1e6, width=32)), min_size=1)


def reference(profile: Profile, rows: int) -> Reference:
    return Reference.of("any", profile, rows)


def baseline(answers: AnswerProfile) -> Baseline:
    return Baseline(0, {}, answers)


@given(numbers, st.integers(0, 5))
def test_counting_the_training_values_again_gives_the_counts_of_training(values: list[float], missing: int) -> None:
    column = np.array([*values, *[np.nan] * missing], dtype=np.float32)
    known = reference(profile_number(column), len(column))

    counted = known.count(column)

    assert counted.tolist() == known.counts.tolist()
    assert counted.sum() == len(column)
    assert counted[-1] == missing
    assert len(known.labels) == len(known.counts)


def test_the_zeros_of_an_amount_have_a_cell_of_their_own() -> None:
    random = np.random.default_rng(0)
    amounts = np.where(random.random(2000) < 0.6, 0.0, random.lognormal(size=2000))

    edges, counts = bin_numbers(amounts)

    zeros = number_cells(np.array([0.0]), edges)[0]
    assert counts[zeros] == (amounts == 0).sum()
    assert number_cells(np.array([1e-9]), edges)[0] == zeros + 1


def test_numbers_fall_into_about_ten_equal_cells() -> None:
    _, counts = bin_numbers(np.random.default_rng(0).normal(size=5000))
    assert len(counts) == 10
    assert max(counts) - min(counts) <= 2


def test_answers_that_differ_by_rounding_only_fall_into_the_same_cells() -> None:
    # Given a tree's few answers, as scikit-learn gives them and as the graph does
    leaves = np.random.default_rng(0).choice([0.1, 1 / 3, 0.7], 500)
    trained = profile_answers(["no", "yes"], np.column_stack([1 - leaves, leaves]))
    known = answer_references(baseline(trained))[1]

    counted = known.count(leaves.astype(np.float32).astype(np.float64))

    assert counted.tolist() == known.counts.tolist()


def test_of_two_classes_one_is_watched_and_of_many_the_frequent_ones() -> None:
    random = np.random.default_rng(0)
    two, many = random.dirichlet([1, 1], 50), random.dirichlet(np.arange(1, 16), 200)
    assert [each.name for each in answer_references(baseline(profile_answers(["no", "yes"], two))).values()] == [
        "the probability of yes"
    ]
    places = answer_references(baseline(profile_answers([f"c{each}" for each in range(15)], many)))
    assert len(places) == 10
    assert 14 in places


def test_rare_categories_are_counted_with_new_ones() -> None:
    values = objects(["a"] * 60 + ["b"] * 30 + [f"rare {each}" for each in range(10)])
    known = reference(profile_category(values), 100)

    counted = known.count(objects(["a", "rare 3", "never seen", None]))

    assert known.labels == ["a", "b", "all others", "missing"]
    assert known.counts.tolist() == [60, 30, 10, 0]
    assert counted.tolist() == [1, 0, 2, 1]
    assert known.expected_new == pytest.approx(0.1)


def test_the_design_effect_grows_with_the_rows_of_the_window() -> None:
    moved = [Movement(rows=100, effect=11.0, freedom=50)]
    known = Reference("any", np.array([1, 1, 0]), movements=moved)
    assert known.design_effect(100).ratio == pytest.approx(11.0)
    assert known.design_effect(199).ratio == pytest.approx(21.0)
    assert Reference("any", np.array([1, 1, 0])).design_effect(100).ratio == 1.0
