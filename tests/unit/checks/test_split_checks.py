"""Copies, entities and times on both sides are found where they spoil a figure, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from benchmarks.simulation.checked_tables import CheckedTable, define, invent_columns
from preprocessing import objects
from refrain.checks.checked_rows import CheckedRows
from refrain.checks.split_checks import find_copies, find_entities_on_both_sides, find_time_overlap
from tests.checked import CLASSES, checked

RANDOM = np.random.default_rng(2)
BY_TIME = replace(CLASSES, by_time=True)


def rows_of(columns: dict[str, Any], **changes: Any) -> CheckedRows:
    definition = define(columns, "classification", **changes)
    return CheckedRows(definition, *CheckedTable("table", definition, columns).split())


def twice(columns: dict[str, Any], share: float) -> dict[str, Any]:
    rows = len(columns["target"])
    order = RANDOM.permutation(np.r_[:rows, : int(share * rows)])
    return {name: array[order] for name, array in columns.items()}


def test_copies_are_counted_within_training_and_on_both_sides() -> None:
    (finding,) = find_copies(rows_of(twice(invent_columns(CLASSES, 3), 1.0), split="upload"))

    assert finding.sentence.startswith("4")
    assert "of the holdout rows are copies of training rows" in finding.sentence


def test_rows_that_differ_in_what_names_them_are_copies_all_the_same() -> None:
    columns = twice(invent_columns(CLASSES, 3), 0.2)
    number = np.arange(len(columns["target"]), dtype=np.float64)

    assert len(list(find_copies(rows_of(columns | {"number": number}, key=["number"])))) == 1
    assert len(list(find_copies(rows_of(columns | {"number": number}, ignore=("number",))))) == 1


def test_rows_that_every_column_names_are_no_copies() -> None:
    rows = np.arange(200.0)
    columns = {"name": objects([f"row {row}" for row in range(200)]), "target": rows}
    train = {name: values[:120] for name, values in columns.items()}
    holdout = {name: values[120:] for name, values in columns.items()}

    assert list(find_copies(CheckedRows(define(columns, "regression"), train, holdout))) == []


@pytest.mark.parametrize("values", [2, 4, 12])
def test_rows_of_few_values_are_equal_by_chance_and_no_copies(values: int) -> None:
    columns: dict[str, Any] = {
        f"column {index}": objects([f"value {min(number, values)}" for number in RANDOM.geometric(0.5, 3000)])
        for index in range(4)
    }
    columns["target"] = objects(RANDOM.choice(["no", "yes"], 3000).tolist())

    assert list(find_copies(rows_of(columns))) == []


def with_patients(rows_each: int, *, alike: bool) -> dict[str, Any]:
    columns = invent_columns(CLASSES, 3)
    patients = np.arange(1500) // rows_each
    if alike:
        own = columns["target"][RANDOM.permutation(1500)][patients]
        columns["target"] = np.where(RANDOM.random(1500) < 0.7, own, columns["target"])
    return columns | {"patient": objects([f"P{number}" for number in patients]), "visit": np.arange(1500.0)}


def test_rows_of_one_entity_on_both_sides_are_found_by_key_or_by_an_ignored_column() -> None:
    columns = with_patients(5, alike=True)

    for changes in ({"key": ["patient", "visit"]}, {"ignore": ("patient",)}):
        (finding,) = find_entities_on_both_sides(rows_of(columns, **changes))
        assert finding.columns == ["patient"]
        assert 'training.group = "patient"' in finding.sentence


def test_entities_are_no_fault_where_their_rows_are_not_alike_or_the_newest_rows_are_held_out() -> None:
    key = {"key": ["patient", "visit"]}

    assert list(find_entities_on_both_sides(rows_of(with_patients(5, alike=False), **key))) == []
    assert list(find_entities_on_both_sides(rows_of(with_patients(5, alike=True), **key, split="upload"))) == []


def test_training_rows_later_than_the_holdout_are_counted() -> None:
    (finding,) = find_time_overlap(checked(BY_TIME, split="hash"))

    assert finding.columns == ["at"]
    assert "9" in finding.sentence.partition(" %")[0]
    assert list(find_time_overlap(checked(BY_TIME))) == []
    assert list(find_time_overlap(checked(BY_TIME, split="upload"))) == []
