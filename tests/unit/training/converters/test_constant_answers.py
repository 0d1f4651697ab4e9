"""Baselines answer every row alike, and isotonic regression looks at one feature."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.isotonic import IsotonicRegression

from refrain.errors import CandidateRefused

if TYPE_CHECKING:
    from tests.unit.training.converters.conftest import RandomRows


@pytest.mark.parametrize("parameters", [{"strategy": name} for name in ("prior", "most_frequent", "uniform")], ids=str)
def test_a_baseline_gives_the_same_probabilities_to_all_rows(rows: RandomRows, parameters: dict[str, Any]) -> None:
    assert rows.farthest(DummyClassifier(**parameters), rows.classes(3)) <= 1e-6


def test_a_baseline_gives_the_same_value_to_rows_with_gaps_too(rows_with_gaps: RandomRows) -> None:
    for estimator in (
        DummyRegressor(),
        DummyRegressor(strategy="median"),
        DummyRegressor(strategy="constant", constant=3),
    ):
        assert rows_with_gaps.farthest(estimator, rows_with_gaps.signal) <= 1e-6


def test_a_baseline_that_draws_lots_is_refused(rows: RandomRows) -> None:
    with pytest.raises(CandidateRefused, match="its strategy must be prior, most_frequent, uniform, constant"):
        rows.farthest(DummyClassifier(strategy="stratified"), rows.classes(2))


@pytest.mark.parametrize("increasing", [True, "auto"])
@pytest.mark.parametrize("feature", [0, -1])
def test_isotonic_regression_interpolates(rows: RandomRows, feature: int, increasing: bool | str) -> None:
    narrow = replace(rows, matrix=rows.matrix[:, [feature]], asked=rows.asked[:, [feature]])
    estimator = IsotonicRegression(out_of_bounds="clip", increasing=increasing)
    assert narrow.farthest(estimator, rows.signal) <= 1e-6


def test_isotonic_regression_on_one_value_is_level(rows: RandomRows) -> None:
    flat = replace(rows, matrix=np.ones_like(rows.matrix[:, :1]), asked=rows.asked[:, :1])
    assert flat.farthest(IsotonicRegression(out_of_bounds="clip"), rows.signal) <= 1e-6
