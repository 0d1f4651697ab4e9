"""Discriminants, centroids and projections answer by sums of weighted features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sklearn.cross_decomposition import CCA, PLSCanonical, PLSRegression
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.neighbors import NearestCentroid

if TYPE_CHECKING:
    from tests.unit.training.converters.conftest import RandomRows


@pytest.mark.parametrize("count", [2, 3, 5])
@pytest.mark.parametrize(
    "estimator",
    [
        LinearDiscriminantAnalysis(),
        LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"),
        LinearDiscriminantAnalysis(solver="eigen"),
        NearestCentroid(),
        NearestCentroid(shrink_threshold=0.5, priors="empirical"),
    ],
    ids=str,
)
def test_classes_are_scored_as_the_estimator_does(rows: RandomRows, estimator: Any, count: int) -> None:
    assert rows.farthest(estimator, rows.classes(count)) <= 1e-6


@pytest.mark.parametrize("kind", [CCA, PLSCanonical, PLSRegression])
def test_projections_answer_by_one_column(rows: RandomRows, kind: Any) -> None:
    assert rows.farthest(kind(n_components=1), rows.signal) <= 1e-5
