"""Neighbours at equal distance share the count; without such rows the answer is scikit-learn's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from refrain.training import shared_ties
from refrain.training.converters.graph_step import NoGraph
from refrain.training.shared_ties import share_ties

DRAW = np.random.default_rng(4)
SPREAD = DRAW.normal(size=(200, 3)).astype(np.float32)
ROUND = SPREAD.round()
VALUES = DRAW.normal(size=200)
CLASSES = np.digitize(VALUES, [-0.5, 0.5])


@pytest.mark.parametrize("parameters", [{}, {"weights": "distance"}, {"p": 1}, {"metric": "chebyshev"}], ids=str)
def test_rows_at_different_distances_are_answered_as_scikit_learn_does(parameters: dict[str, Any]) -> None:
    asked = np.concatenate([SPREAD[100:], SPREAD[:20]])
    classifier = KNeighborsClassifier(**parameters).fit(SPREAD[:100], CLASSES[:100])
    regressor = KNeighborsRegressor(**parameters).fit(SPREAD[:100], VALUES[:100])

    np.testing.assert_allclose(share_ties(classifier).predict_proba(asked), classifier.predict_proba(asked), atol=1e-6)
    np.testing.assert_allclose(share_ties(regressor).predict(asked), regressor.predict(asked), atol=1e-6)


@pytest.mark.parametrize("spare", [0, 3, 64])
@pytest.mark.parametrize("weights", ["uniform", "distance"])
def test_the_order_of_the_rows_does_not_matter(monkeypatch: pytest.MonkeyPatch, weights: str, spare: int) -> None:
    monkeypatch.setattr(shared_ties, "SPARE_ROWS", spare)
    order = DRAW.permutation(200)
    first, second = (
        share_ties(KNeighborsRegressor(weights=weights).fit(ROUND[rows], VALUES[rows])).predict(ROUND)
        for rows in (np.arange(200), order)
    )
    np.testing.assert_allclose(first, second, atol=1e-9)


def test_those_at_the_distance_of_the_last_one_share_what_is_left() -> None:
    neighbours = KNeighborsRegressor(n_neighbors=2).fit(np.array([[0.0], [1.0], [-1.0], [5.0]]), [6.0, 1.0, 2.0, 9.0])
    assert share_ties(neighbours).predict(np.zeros((1, 1))) == pytest.approx([(6 + 1.5) / 2])


def test_no_rows_are_answered_with_none() -> None:
    assert share_ties(KNeighborsRegressor().fit(SPREAD, VALUES)).predict(SPREAD[:0]).shape == (0,)


def test_a_metric_without_a_graph_is_refused_with_those_that_have_one() -> None:
    with pytest.raises(NoGraph, match="its metric must be one of chebyshev, cityblock, euclidean"):
        share_ties(KNeighborsRegressor(metric="cosine").fit(SPREAD, VALUES))
