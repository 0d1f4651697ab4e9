"""Folds of the training rows keep the rules of the run's split."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from preprocessing import Definition, objects, parse_definition
from refrain.training.folds import FOLDS, make_folds

ROWS = 400


def definition(split: str, group: str = "", task: str = "classification") -> Definition:
    estimator = "tree.DecisionTreeClassifier" if task == "classification" else "linear_model.Ridge"
    document: dict[str, Any] = {
        "task": task,
        "target": "outcome",
        "time": "at",
        "columns": {
            "at": {"type": "time"},
            "shop": {"type": "category", "required": True},
            "size": {"type": "number"},
            "outcome": {"type": "category" if task == "classification" else "number"},
        },
        "training": {
            "split": split,
            "group": group,
            "candidates": [{"name": "tried", "estimator": f"sklearn.{estimator}"}],
        },
    }
    return parse_definition("visits", document, "visits.toml")


def rows(task: str = "classification", rare: int = 40) -> dict[str, Any]:
    draw = np.random.default_rng(3)
    labels = objects(["yes" if row < rare else "no" for row in draw.permutation(ROWS)])
    return {
        "at": np.datetime64("2026-01-01", "us") + draw.permutation(ROWS).astype("timedelta64[h]"),
        "shop": objects([f"shop {number}" for number in draw.integers(0, 30, ROWS)]),
        "size": draw.normal(size=ROWS),
        "outcome": labels if task == "classification" else draw.normal(size=ROWS),
    }


@pytest.mark.parametrize("group", ["", "shop"])
@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.parametrize("split", ["time", "upload", "hash"])
def test_no_fold_answers_what_it_learned_or_what_its_groups_told(split: str, task: str, group: str) -> None:
    columns = rows(task)
    folds = make_folds(definition(split, group, task), columns)

    assert folds
    for train, test in folds:
        assert not set(train) & set(test)
        if group:
            assert not set(columns["shop"][train]) & set(columns["shop"][test])
        elif split == "time":
            assert columns["at"][train].max() < columns["at"][test].min()
        elif split == "upload":
            assert train.max() < test.min()
    if split == "hash":
        assert sorted(np.concatenate([test for _, test in folds])) == list(range(ROWS))


def test_a_random_fold_has_its_share_of_a_rare_class() -> None:
    columns = rows(rare=10)
    shares = [(columns["outcome"][test] == "yes").sum() for _, test in make_folds(definition("hash"), columns)]

    assert shares == [2] * FOLDS


@pytest.mark.parametrize("rare", [1, 0])
def test_a_fold_that_cannot_learn_a_class_is_left_out(rare: int) -> None:
    columns = rows(rare=rare)

    for train, _ in make_folds(definition("hash"), columns):
        assert len(set(columns["outcome"][train])) == len(set(columns["outcome"]))
    assert make_folds(definition("hash"), {name: array[:FOLDS] for name, array in columns.items()}) == []
