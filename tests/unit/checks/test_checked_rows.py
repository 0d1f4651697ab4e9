"""The sample of a side is bounded, and figures from it hold for all rows."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.simulation.checked_tables import define
from preprocessing import objects, parse_definition
from refrain.checks.checked_rows import MAX_CHECKED_ROWS, CheckedRows
from tests.checked import VALUES, checked, numbers

ROWS = 4 * MAX_CHECKED_ROWS


def large(values: np.ndarray) -> CheckedRows:
    columns = {"added": values, "target": numbers(ROWS)}
    return CheckedRows(define(columns, "regression"), columns, columns)


def test_a_side_is_sampled_evenly_and_the_same_rows_of_every_column() -> None:
    rows = large(numbers(ROWS))

    sampled = rows.train["added"]
    assert len(sampled) == MAX_CHECKED_ROWS
    assert rows.train.share == 0.25
    assert abs(sampled.mean() / ROWS - 0.5) < 0.01
    assert (rows.sampled_train_truth == sampled).all()


@pytest.mark.parametrize(("rows_each", "is_id"), [(1, True), (2, False), (20, False)])
def test_a_text_names_the_row_only_where_hardly_another_row_has_it_sampled_or_not(
    rows_each: int, *, is_id: bool
) -> None:
    texts = objects([f"id {number // rows_each}" for number in range(ROWS)])

    assert ("added" in large(texts).id_like) is is_id
    assert ("added" in checked(added={"added": texts[:1500]}).id_like) is is_id


def test_whole_numbers_name_the_row_only_without_gaps() -> None:
    random = np.random.default_rng(0)

    assert "added" in checked(added={"added": random.permutation(numbers()) + 40_000}).id_like
    assert "added" not in checked(added={"added": random.permutation(numbers()) * 100}).id_like
    assert "added" not in checked(added={"added": numbers() / 2}).id_like
    assert "added" not in checked(added={"added": random.integers(0, 1500, 1500).astype(float)}).id_like


def test_a_derived_feature_is_read_as_a_column_is() -> None:
    rows = checked(VALUES)
    derived = {"more": {"make": "difference", "from": ["first", "count"]}}
    definition = parse_definition("table", {**rows.definition.document, "derived": derived}, "table.toml")

    side = CheckedRows(definition, rows.train.whole, rows.holdout.whole).train

    assert (side["more"] == side["first"] - side["count"]).all()
