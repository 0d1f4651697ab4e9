"""Cells are named as people would, whatever the edges are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refrain.monitoring.cell_names import name_number_cells
from refrain.monitoring.far_values import fold_far
from refrain.monitoring.reference import Reference
from refrain.training.baseline import profile_answers, profile_number

COUNTS = [0.0] * 60 + [1.0] * 25 + [2.0] * 10 + [3.0] * 3 + [4.0, 5.0]
NAMES: dict[str, tuple[list[float], list[str]]] = {
    "counts": (COUNTS, ["0", "1", "2", "3 and more"]),
    "a constant": ([7.0] * 50, ["7"]),
    "years": ([float(year) for year in range(1965, 2025)] * 5, ["2013 to 2018", "2019 and more"]),
    "halves": ([0.5] * 50 + [1.5] * 50, ["0.5", "1.5"]),
    "tenths": ([0.1] * 50 + [0.2] * 50, ["0.1", "0.2"]),
    "negative numbers": ([-3.0] * 50 + [2.0] * 50, ["−3", "2"]),
}


def names_of(values: list[float]) -> list[str]:
    """Return the names of the cells that hold any of the values."""
    column = np.array(values, np.float32)
    reference = Reference.of("any", profile_number(column), len(column))
    reference, _ = fold_far((reference, reference.counts))
    return [name for name, rows in zip(reference.labels, reference.counts, strict=True) if rows]


@pytest.mark.parametrize("kind", NAMES)
def test_a_cell_is_named_after_what_it_holds(kind: str) -> None:
    values, names = NAMES[kind]
    shown = names_of(values)
    assert shown[-len(names) :] == names
    assert not any("," in name or "e-" in name or ".0" in name for name in shown)


def test_a_constant_has_names_for_what_lies_beside_it() -> None:
    reference = Reference.of("any", profile_number(np.full(50, 7.0, np.float32)), 50)
    assert reference.labels == ["below 7", "7", "above 7", "missing"]


def test_the_few_answers_of_a_tree_are_named_by_their_value() -> None:
    leaves = np.random.default_rng(0).choice([0.1, 1 / 3, 0.7], 500)
    profile = profile_answers(["no", "yes"], np.column_stack([1 - leaves, leaves])).probabilities
    assert profile is not None
    reference = Reference.of("any", profile["yes"], 500)
    reference, _ = fold_far((reference, reference.counts))
    shown = [name for name, rows in zip(reference.labels, reference.counts, strict=True) if rows]
    assert shown == ["0.1", "0.3333", "0.7"]


@given(st.lists(st.floats(-(2.0**40), 2.0**40, width=32), min_size=1, max_size=12, unique=True).map(sorted))
def test_all_cells_have_different_names(edges: list[float]) -> None:
    names = name_number_cells(edges)
    assert len(names) == len(edges) + 1
    assert len(set(names)) == len(names)
