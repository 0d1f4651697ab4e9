"""Faults of the target are named with the class or value and its figure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.simulation.checked_tables import invent_columns
from refrain.checks.target_checks import (
    MIN_CLASS_ROWS,
    find_flattering_accuracy,
    find_frequent_target,
    find_rare_classes,
    find_target_drift,
)
from tests.checked import CLASSES, VALUES, checked

RANDOM = np.random.default_rng(3)
TARGET = invent_columns(CLASSES, 3)["target"]
NUMBERS = invent_columns(VALUES, 3)["target"]


def test_a_class_of_few_rows_is_named_with_those_of_the_holdout() -> None:
    target = TARGET.copy()
    target[:20] = "maybe"
    rows = checked(added={"target": target})
    held_out = int((rows.holdout_truth == rows.classes.index("maybe")).sum())

    (finding,) = find_rare_classes(rows)

    assert held_out < MIN_CLASS_ROWS
    assert f"maybe ({held_out})" in finding.sentence
    assert list(find_rare_classes(checked())) == []


@pytest.mark.parametrize(("events", "metric", "findings"), [(0.1, "accuracy", 1), (0.3, "accuracy", 0), (0.1, "f1", 0)])
def test_accuracy_flatters_only_where_one_class_is_nearly_all(events: float, metric: str, findings: int) -> None:
    rows = checked(replace(CLASSES, events=events), metric=metric)

    assert len(list(find_flattering_accuracy(rows))) == findings


@pytest.mark.parametrize(
    ("target", "findings"),
    [
        (NUMBERS, 0),
        (np.minimum(NUMBERS, np.quantile(NUMBERS, 0.95)), 1),
        (np.where(RANDOM.random(1500) < 0.04, -1.0, NUMBERS), 1),
        (RANDOM.poisson(3, 1500).astype(float), 0),
        (RANDOM.poisson(300, 1500).astype(float), 0),
    ],
    ids=["as it is", "with a limit", "with a stand-in", "few counts", "many counts"],
)
def test_a_value_that_comes_much_too_often_is_found(target: np.ndarray, findings: int) -> None:
    assert len(list(find_frequent_target(checked(VALUES, added={"target": target})))) == findings


def test_a_target_that_differs_between_the_sides_is_named_with_what_differs_most() -> None:
    shape = replace(CLASSES, by_time=True)
    late = np.arange(1500) >= 1200
    target = np.where(late & (RANDOM.random(1500) < 0.5), "yes", invent_columns(shape, 3)["target"])

    (finding,) = find_target_drift(checked(shape, added={"target": target}))

    assert "no: 7" in finding.sentence
    assert list(find_target_drift(checked(shape))) == []


def test_few_holdout_rows_do_not_differ_by_chance() -> None:
    findings = [
        finding
        for seed in range(40)
        for finding in find_target_drift(
            checked(replace(VALUES, rows=150), added={"target": np.random.default_rng(seed).lognormal(size=150)})
        )
    ]

    assert findings == []
