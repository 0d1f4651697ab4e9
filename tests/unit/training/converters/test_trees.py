"""Trees send missing values where they learned to, and a logarithmic link is taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn import ensemble, tree

if TYPE_CHECKING:
    from tests.unit.training.converters.conftest import RandomRows

FEW = {"n_estimators": 5, "random_state": 0}
CLASSIFIERS = [
    ensemble.RandomForestClassifier(**FEW),
    ensemble.ExtraTreesClassifier(**FEW),
    ensemble.BaggingClassifier(**FEW),
    tree.DecisionTreeClassifier(),
    tree.ExtraTreeClassifier(random_state=0),
]
REGRESSORS = [
    ensemble.RandomForestRegressor(**FEW),
    ensemble.ExtraTreesRegressor(**FEW),
    ensemble.BaggingRegressor(**FEW),
    tree.DecisionTreeRegressor(),
    tree.ExtraTreeRegressor(random_state=0),
]


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("estimator", CLASSIFIERS, ids=lambda estimator: type(estimator).__name__)
def test_classifying_trees_route_missing_values_as_learned(
    rows_with_gaps: RandomRows, estimator: Any, count: int
) -> None:
    assert rows_with_gaps.farthest(estimator, rows_with_gaps.classes(count)) <= 1e-6


@pytest.mark.parametrize("estimator", REGRESSORS, ids=lambda estimator: type(estimator).__name__)
def test_regression_trees_route_missing_values_as_learned(rows_with_gaps: RandomRows, estimator: Any) -> None:
    assert rows_with_gaps.farthest(estimator, rows_with_gaps.signal) <= 3e-6


@pytest.mark.parametrize("loss", ["poisson", "gamma", "squared_error", "absolute_error", "quantile"])
def test_histogram_boosting_answers_in_the_units_of_the_target(rows_with_gaps: RandomRows, loss: str) -> None:
    quantile = {"quantile": 0.9} if loss == "quantile" else {}
    estimator = ensemble.HistGradientBoostingRegressor(loss=loss, max_iter=10, min_samples_leaf=5, **quantile)
    assert rows_with_gaps.farthest(estimator, np.exp(rows_with_gaps.signal / 3)) <= 3e-6
