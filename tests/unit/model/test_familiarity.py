from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from refrain.lake.feature_profile import AnswerProfile, BinCounts, CategoryProfile, NumberProfile, Profile
from refrain.lake.version import Baseline
from refrain.model.familiarity import MAX_SINGLE_ROWS, Familiarity

NAN = float("nan")


def number(**facts: Any) -> NumberProfile:
    profile = NumberProfile(0.0, 10.0, 5.0, 2.0, missing=0.0, quantiles=[], bins=BinCounts([], []))
    return replace(profile, **facts)


def category(missing: float = 0.0) -> CategoryProfile:
    return CategoryProfile({"a": 5}, other=0, once=0, missing=missing)


def familiarity(rows: int, **features: Profile) -> Familiarity:
    return Familiarity.of(Baseline(rows, features, AnswerProfile(rows)), [*features] or ["x", "y"])


def found(seen: Profile, value: float, rows: int = 1000) -> bool:
    familiar = familiarity(rows, x=seen)
    one = familiar.unfamiliar(np.array([[value]], dtype=np.float32))
    assert familiar.unfamiliar(np.full((2 * MAX_SINGLE_ROWS, 1), value, dtype=np.float32)) == one * 2 * MAX_SINGLE_ROWS
    return one == [["x"]]


@pytest.mark.parametrize(("value", "strange"), [(0, False), (-1, False), (-1.1, True), (11, False), (11.1, True)])
def test_half_a_standard_deviation_beyond_the_extremes_is_familiar(value: float, strange: bool) -> None:
    assert found(number(), value) is strange


def test_a_missing_value_is_strange_only_where_none_of_many_was_missing() -> None:
    assert found(number(), NAN)
    assert not found(number(missing=0.01), NAN)
    assert not found(number(), NAN, rows=99)


def test_a_constant_that_float32_cannot_hold_is_familiar() -> None:
    assert not found(number(min=0.1, max=0.1, std=0.0), 0.1)
    assert found(number(min=0.1, max=0.1, std=0.0), 0.11)


def test_any_number_is_strange_where_all_were_missing() -> None:
    nothing = number(min=None, max=None, std=None, missing=1.0)
    assert found(nothing, 1)
    assert not found(nothing, NAN)


@pytest.mark.parametrize(
    ("code", "missing", "strange"), [(2, 0.0, False), (1, 0.0, True), (1, 0.5, True), (0, 0.0, True), (0, 0.5, False)]
)
def test_a_category_is_strange_when_it_is_unseen_or_missing_where_none_was(
    code: int, missing: float, strange: bool
) -> None:
    assert found(category(missing), code) is strange


def test_without_a_baseline_and_for_unknown_features_everything_is_familiar() -> None:
    matrix = np.array([[NAN, 1e30]], dtype=np.float32)
    assert Familiarity.of(None, ["x", "y"]).unfamiliar(matrix) == [[]]
    assert familiarity(1000).unfamiliar(matrix) == [[]]


def test_rows_are_told_apart() -> None:
    familiar = familiarity(1000, x=number(), y=number())
    matrix = np.array([[1, 2], [99, 99], [1, -99]], dtype=np.float32)
    assert familiar.unfamiliar(matrix) == [[], ["x", "y"], ["y"]]


@given(
    hnp.arrays(np.float32, st.tuples(st.integers(1, 4), st.just(3)), elements=st.floats(-3, 3, width=32) | st.just(NAN))
)
def test_few_rows_are_as_unfamiliar_as_they_are_among_many(matrix: Any) -> None:
    constant = number(min=0.1, max=0.1, std=0.0, missing=0.5)
    familiar = familiarity(1000, x=number(max=1.0, std=1.0), y=category(), z=constant)

    many = np.concatenate([matrix] * 2 * MAX_SINGLE_ROWS)
    assert familiar.unfamiliar(many)[: len(matrix)] == familiar.unfamiliar(matrix)
