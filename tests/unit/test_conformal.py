"""Bounds of errors hold the next error as often as promised, whatever the errors are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refrain.conformal import MAX_CALIBRATION_ERRORS, answer_errors, error_bound, exceeds, ranked_errors


@given(st.lists(st.integers(0, 30), min_size=2, max_size=60), st.sampled_from([0.01, 0.05, 0.1, 0.2, 0.5]))
def test_any_row_as_the_next_one_lies_beyond_no_more_often_than_asked(errors: list[int], miss: float) -> None:
    beyond = 0
    for index, error in enumerate(errors):
        bound = error_bound(sorted(map(float, errors[:index] + errors[index + 1 :])), miss)
        beyond += bound is not None and error > bound

    assert beyond <= miss * len(errors) + 1e-9


@pytest.mark.parametrize(("rows", "coverage"), [(8, 0.9), (98, 0.99), (0, 0.5)])
def test_fewer_errors_than_the_coverage_takes_give_no_bound(rows: int, coverage: float) -> None:
    assert error_bound([1.0] * rows, 1 - coverage) is None
    assert error_bound([1.0] * (rows + 1), 1 - coverage) == 1.0


@pytest.mark.parametrize("rows", [1, 999, 1000, 1001, 12_345])
def test_of_many_errors_those_that_are_kept_bound_no_less_than_all(rows: int) -> None:
    errors = np.random.default_rng(rows).exponential(size=rows)

    kept = ranked_errors(errors)

    assert len(kept) == min(rows, MAX_CALIBRATION_ERRORS)
    assert kept == sorted(kept)
    bound = error_bound(kept, 0.1)
    assert bound is None or 0.9 <= (errors <= bound * 1.000001).mean() <= 0.903 + 1 / rows


def test_equal_errors_stay_equal_when_the_answers_were_written_with_seven_digits() -> None:
    for numbers, truth in [([1 / 3, 2 / 3], np.array([0])), ([22 / 3], np.array([10.0]))]:
        answers = np.array([numbers], np.float32).astype(np.float64)
        exact = answer_errors(truth, answers)
        written = answer_errors(truth, np.array([[float(f"{value:.7g}") for value in answers[0]]]))
        bound = ranked_errors(exact)[0]

        assert not exceeds(written, bound).any()
        assert not exceeds(exact, bound).any()
