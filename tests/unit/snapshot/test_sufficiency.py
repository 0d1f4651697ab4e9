"""When there is not enough to learn from, and the sentence that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from preprocessing import objects
from refrain.snapshot.sufficiency import row_shortfall

if TYPE_CHECKING:
    from tests.unit.snapshot.conftest import Define


def holdout(rows: int, held: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.arange(rows) >= rows - held


def test_two_classes_in_both_parts_and_rows_enough_leave_nothing_to_say(define: Define) -> None:
    rows = {"back": objects(["yes", "no"] * 50)}
    assert row_shortfall(define(), rows, holdout(100, 20)) == ""


@pytest.mark.parametrize(
    ("classes", "held", "sentence"),
    [
        (["yes", "no"] * 20, 20, "there are 40 rows, and 50 are needed (training.min_rows)"),
        (["yes", "no"] * 50, 19, "there are 19 rows to hold out, and 20 are needed"),
        (["yes", "no"] * 50, 85, "there are 15 rows to learn from, and 20 are needed"),
        (["yes"] * 100, 20, "all 80 training rows have the same back, yes: there is nothing to tell apart"),
        (["yes", "no"] * 40 + ["no"] * 20, 20, "all 20 holdout rows have the same back, no"),
    ],
)
def test_what_is_wanting_is_said(define: Define, classes: list[str], held: int, sentence: str) -> None:
    rows = {"back": objects(classes)}
    assert row_shortfall(define(), rows, holdout(len(classes), held)).startswith(sentence)


def test_a_target_that_does_not_vary_teaches_no_regression(define: Define) -> None:
    rows = {"spent": np.full(100, 2.5)}
    assert "have the same spent, 2.5" in row_shortfall(define(task="regression"), rows, holdout(100, 20))
    rows["spent"][::7] = 3
    assert row_shortfall(define(task="regression"), rows, holdout(100, 20)) == ""


def test_no_rows_are_too_few(define: Define) -> None:
    assert row_shortfall(define(), {"back": objects([])}, holdout(0, 0)).startswith("there are 0 rows")
