"""The rows that all models of a run are measured by."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from preprocessing import Columns, objects, parse_definition
from refrain.evaluation.evaluated_model import find_groups
from tests.unit.serving import tiny

ROWS: Columns = {
    "city": objects(["Oslo", "Oslo", "Rome", "Rome"]),
    "age": np.array([20.0, 30.0, 20.0, 30.0]),
    "joined": np.array(["2026-01-01", "2026-02-01"] * 2, "datetime64[us]"),
}


@pytest.mark.parametrize(
    ("changes", "pairs"),
    [
        ({}, None),
        ({"key": ["city", "age"]}, None),
        ({"key": ["joined"]}, None),
        ({"key": ["city", "joined"]}, [(0, 1), (2, 3)]),
        (
            {"key": ["city", "joined"], "training": tiny.candidate("LogisticRegression") | {"group": "age"}},
            [(0, 2), (1, 3)],
        ),
    ],
)
def test_rows_of_one_group_or_of_a_key_that_repeats_belong_together(
    changes: dict[str, Any], pairs: list[tuple[int, int]] | None
) -> None:
    groups = find_groups(parse_definition("people", tiny.PEOPLE | changes, "people.toml"), ROWS)

    assert (groups is None) == (pairs is None)
    for one, other in pairs or ():
        assert groups is not None
        assert groups[one] == groups[other]
        assert len(set(groups.tolist())) == 2
