"""Isotonic calibration rises, stays between 0 and 1, and is never steep."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refrain.training.isotonic import MAX_SLOPE, IsotonicCalibration


@given(st.integers(0, 10_000), st.integers(2, 300), st.sampled_from([2, 3]), st.floats(0, 0.2))
def test_lines_rise_within_the_bounds(seed: int, rows: int, classes: int, spread: float) -> None:
    draw = np.random.default_rng(seed)
    answers = draw.dirichlet(np.full(classes, spread + 0.01), rows)
    truth, weights = draw.integers(0, classes, rows), draw.uniform(0.1, 3, rows)

    for x, y in IsotonicCalibration.fit(truth, answers, weights).lines:
        assert (np.diff(x) > 0).all()
        assert (np.diff(y) >= 0).all()
        assert (np.diff(y) <= 1.01 * MAX_SLOPE * np.diff(x) + 1e-6).all()
        assert 0 < y.min() <= y.max() < 1


@pytest.mark.parametrize("classes", [2, 4])
def test_answers_that_are_too_sure_become_true_shares(classes: int) -> None:
    draw = np.random.default_rng(1)
    chances = draw.dirichlet(np.ones(classes), 20_000)
    truth = np.array([draw.choice(classes, p=row) for row in chances])
    sure = chances**2.5 / (chances**2.5).sum(axis=1, keepdims=True)
    half = len(truth) // 2

    corrected = IsotonicCalibration.fit(truth[:half], sure[:half], np.ones(half)).correct(sure[half:])

    assert corrected.sum(axis=1) == pytest.approx(1)
    off, was_off = (np.abs(answers - chances[half:]).mean() for answers in (corrected, sure[half:]))
    assert off < (0.25 if classes == 2 else 0.6) * was_off


def test_a_row_that_weighs_nothing_says_nothing() -> None:
    answers = np.array([[0.8, 0.2], [0.2, 0.8], [0.2, 0.8]])
    truth, weights = np.array([0, 1, 0]), np.array([1.0, 1.0, 0.0])

    weighed = IsotonicCalibration.fit(truth, answers, weights)

    assert weighed.correct(answers) == pytest.approx(
        IsotonicCalibration.fit(*(part[:2] for part in (truth, answers, weights))).correct(answers)
    )
