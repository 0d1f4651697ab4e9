"""The factor model: each step solves its equations; large catalogues are scored roughly first, then exactly."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from refrain.recommenders import AlternatingLeastSquares, Interactions
from tests.unit.recommenders.interactions import answer, padded, random_interactions, same_lists


def test_a_step_solves_the_weighted_least_squares_of_each_row() -> None:
    pairs = random_interactions(1).binary()
    model = AlternatingLeastSquares(factors=4, regularization=0.02, unobserved=0.3)
    others = np.random.default_rng(1).normal(size=(30, 4)).astype(np.float32)

    solved = model._solve(pairs, others)

    for user in (0, 17, 59):
        row = pairs.toarray()[user]
        weight = np.where(row > 0, 1.3, 0.3)
        penalty = 0.02 * (row.sum() + 0.3 * 30)
        left = (others.T * weight) @ others + penalty * np.eye(4)
        np.testing.assert_allclose(solved[user], np.linalg.solve(left, others.T @ row), rtol=1e-3, atol=1e-5)


def test_batches_of_rows_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = random_interactions(2).binary()
    others = np.random.default_rng(1).normal(size=(30, 4)).astype(np.float32)
    whole = AlternatingLeastSquares(factors=4)._solve(pairs, others)
    monkeypatch.setattr("refrain.recommenders.alternating.MAX_GATHERED_FACTORS", 100)
    np.testing.assert_allclose(AlternatingLeastSquares(factors=4)._solve(pairs, others), whole, rtol=1e-4, atol=1e-6)


def test_users_of_one_taste_are_recommended_that_taste() -> None:
    fitted = AlternatingLeastSquares(factors=4).fit(random_interactions(3, users=200))
    items, _ = fitted.recommend([np.array([4, 8, 12]), np.array([5, 9, 13])], 5)
    assert sum(items[0] % 2 == 0) >= 4
    assert sum(items[1] % 2 == 1) >= 4


def test_heavy_weights_leave_the_lists_of_a_large_catalogue_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    played = random_interactions(4, users=300, items=200)
    draw = np.random.default_rng(4)
    played.weights.data = draw.lognormal(6, 3, played.weights.nnz).astype(np.float32)
    monkeypatch.setattr("refrain.recommenders.factors.MAX_EXACT_ITEMS", 100)
    monkeypatch.setattr("refrain.recommenders.factors.EXTRA_CANDIDATES", 20)
    fitted = AlternatingLeastSquares(factors=8, iterations=3).fit(played)
    rows = [draw.permutation(200)[:size] for size in (1, 5, 20, 0)]
    history = padded(rows, 20)

    rough = fitted.export()

    assert b"MatMulInteger" in rough
    same_lists(fitted.recommend(rows, 10), answer(rough, history, 10, history))


def test_a_fit_that_takes_too_long_is_refused_beforehand() -> None:
    pairs = csr_array((np.ones(1, dtype=np.float32), (np.array([0]), np.array([0]))), shape=(9_000_000, 1_000_000))
    with pytest.raises(ValueError, match="take fewer factors"):
        AlternatingLeastSquares(factors=128).fit(Interactions(pairs, np.array([0.0]), 0.0))
