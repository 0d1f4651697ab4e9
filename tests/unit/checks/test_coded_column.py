"""Any column becomes a few codes, and two columns that say the same tell each other."""

from __future__ import annotations

import numpy as np
import pytest

from preprocessing import objects
from refrain.checks.coded_column import MAX_CELLS, MISSING_CODE, OTHER_CODE, code_column, mutual_share

RANDOM = np.random.default_rng(0)
NUMBERS = RANDOM.normal(size=2000)


def test_numbers_get_cells_of_about_equally_many_rows() -> None:
    column = code_column(NUMBERS, NUMBERS)

    rows = np.bincount(column.train, minlength=column.size)
    assert (rows[rows > 1] >= 2000 / MAX_CELLS / 2).all()
    assert rows.sum() == 2000


def test_missing_and_rare_values_have_codes_of_their_own() -> None:
    values = objects(["a", "b"] * 40 + [None] + [f"rare {number}" for number in range(60)])

    column = code_column(values, objects(["a", None, "never seen"]))

    assert column.holdout.tolist()[1:] == [MISSING_CODE, OTHER_CODE]
    assert code_column(np.array([1.0, np.nan]), np.array([np.nan])).holdout.tolist() == [MISSING_CODE]


def test_the_rows_of_a_rare_class_have_cells_of_their_own() -> None:
    rare = np.arange(2000) < 20
    values = np.where(rare, 9.0 + NUMBERS / 10, NUMBERS)

    column = code_column(values, values, rare.astype(np.int64))

    assert set(column.train[rare]).isdisjoint(column.train[~rare])


@pytest.mark.parametrize("copy", [3 * NUMBERS + 1, -NUMBERS, np.exp(NUMBERS), NUMBERS.round(3)])
def test_a_column_tells_another_one_that_only_goes_up_or_down_with_it(copy: np.ndarray) -> None:
    first, second = (code_column(values, values[:0]).train for values in (NUMBERS, copy))

    assert mutual_share(first, second) > 0.95


@pytest.mark.parametrize("rows", [100, 500, 2000])
def test_independent_columns_tell_little_of_each_other(rows: int) -> None:
    shares = []
    for _ in range(20):
        first, second = (code_column(values, values[:0]).train for values in RANDOM.normal(size=(2, rows)))
        shares.append(mutual_share(first, second))

    assert max(shares) < 0.4
