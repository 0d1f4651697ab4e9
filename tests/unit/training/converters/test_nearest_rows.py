"""Neighbours and propagated labels, also where a row equals one that was learned."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from sklearn import neighbors, semi_supervised

if TYPE_CHECKING:
    from tests.unit.training.converters.conftest import RandomRows

WEIGHTS = ["uniform", "distance"]
METRICS: list[dict[str, Any]] = [{}, {"metric": "manhattan"}, {"p": 3}, {"metric": "l2", "algorithm": "brute"}]


@pytest.mark.parametrize("count", [2, 4])
@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("metric", METRICS, ids=str)
def test_neighbours_vote(rows: RandomRows, metric: dict[str, Any], weights: str, count: int) -> None:
    estimator = neighbors.KNeighborsClassifier(n_neighbors=7, weights=weights, **metric)
    assert rows.farthest(estimator, rows.classes(count)) <= 1e-6


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("metric", METRICS, ids=str)
def test_neighbours_give_their_mean(rows: RandomRows, metric: dict[str, Any], weights: str) -> None:
    assert rows.farthest(neighbors.KNeighborsRegressor(weights=weights, **metric), rows.signal) <= 1e-6


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("metric", [*METRICS, {"metric": "chebyshev"}], ids=str)
def test_rows_of_round_numbers_are_often_at_equal_distance_and_share_the_count(
    rows: RandomRows, metric: dict[str, Any], weights: str
) -> None:
    round_rows = replace(rows, matrix=rows.matrix.round(), asked=rows.asked.round())
    estimator = neighbors.KNeighborsClassifier(weights=weights, **metric)
    assert round_rows.farthest(estimator, rows.classes(3)) <= 1e-6


@pytest.mark.parametrize("weights", WEIGHTS)
def test_all_rows_within_the_radius_vote_or_else_the_label_of_outliers(rows: RandomRows, weights: str) -> None:
    near = neighbors.RadiusNeighborsClassifier(radius=0.9, weights=weights, outlier_label="most_frequent")
    wide = neighbors.RadiusNeighborsClassifier(radius=9.0, weights=weights)
    assert max(rows.farthest(estimator, rows.classes(3)) for estimator in (near, wide)) <= 1e-6


@pytest.mark.parametrize("weights", WEIGHTS)
def test_all_rows_within_the_radius_give_their_mean(rows: RandomRows, weights: str) -> None:
    assert rows.farthest(neighbors.RadiusNeighborsRegressor(radius=6.5, weights=weights), rows.signal) <= 1e-5


@pytest.mark.parametrize("kernel", ["rbf", "knn"])
@pytest.mark.parametrize("kind", [semi_supervised.LabelPropagation, semi_supervised.LabelSpreading])
def test_labels_are_propagated(rows: RandomRows, kind: Any, kernel: str) -> None:
    assert rows.farthest(kind(kernel=kernel, gamma=1.0, max_iter=5000), rows.classes(3)) <= 1e-6
