"""How much memory training takes is known beforehand, and what would not fit is refused with what to do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from preprocessing import Candidate
from refrain.errors import CandidateRefused
from refrain.training.memory import check_memory
from refrain.training_memory import LIBRARY_BYTES, TrainingTable, estimate_memory, max_nodes, max_training_rows

if TYPE_CHECKING:
    from tests.unit.training.conftest import Learn

CASES: list[dict[str, Any]] = [
    {"estimator": "sklearn.ensemble.HistGradientBoostingRegressor", "rows": 60_000, "parameters": {"max_iter": 3}},
    {"estimator": "sklearn.linear_model.Ridge", "rows": 60_000, "parameters": {}},
    {"estimator": "sklearn.ensemble.RandomForestRegressor", "rows": 4_000, "parameters": {"n_estimators": 20}},
    {"estimator": "sklearn.neighbors.KNeighborsRegressor", "rows": 10_000, "parameters": {"n_neighbors": 1}},
    {"estimator": "lightgbm.LGBMRegressor", "rows": 60_000, "parameters": {"n_estimators": 3}},
    {"estimator": "xgboost.XGBRegressor", "rows": 60_000, "parameters": {"n_estimators": 3}},
]


def test_the_estimate_is_near_what_training_takes_in_a_fresh_process() -> None:
    # Given a table of numbers and categories, and estimators of each kind
    cases = [case | {"numbers": 12, "categories": 3, "levels": 30} for case in CASES]

    # When each is trained in a process of its own
    command = [sys.executable, "-W", "ignore", str(Path(__file__).with_name("measured_memory.py")), json.dumps(cases)]
    answer = subprocess.run(command, env=os.environ | PATHS, capture_output=True, text=True, check=True).stdout
    measured = [json.loads(line) for line in answer.splitlines()]

    # Then it took what was estimated beyond the libraries, to within a factor of 1.7
    assert len(measured) == len(CASES)
    for case, memory in zip(CASES, measured, strict=True):
        ratio = (memory["estimated"] - LIBRARY_BYTES) / (memory["taken"] - memory["before"])
        assert 1 / 1.7 <= ratio <= 1.7, case["estimator"]


PATHS = {"PYTHONPATH": os.pathsep.join(sys.path)}


def candidate(estimator: str, **parameters: object) -> Candidate:
    return Candidate("tried", f"sklearn.{estimator}", "auto", parameters)


@pytest.mark.parametrize(
    ("estimator", "parameters", "nodes"),
    [
        ("ensemble.ExtraTreesRegressor", {}, 2001),
        ("ensemble.RandomForestRegressor", {}, 1281),
        ("ensemble.RandomForestRegressor", {"min_samples_leaf": 10}, 129),
        ("tree.DecisionTreeRegressor", {"max_depth": 4}, 33),
        ("tree.DecisionTreeRegressor", {"max_leaf_nodes": 8, "max_depth": 40}, 17),
        ("ensemble.GradientBoostingRegressor", {}, 17),
        ("tree.DecisionTreeRegressor", {"max_depth": "deep"}, 2001),
    ],
)
def test_a_tree_has_at_most_the_leaves_that_rows_and_parameters_allow(
    estimator: str, parameters: dict[str, object], nodes: int
) -> None:
    assert max_nodes(candidate(estimator, **parameters), 1000) == nodes


def table(rows: int) -> TrainingTable:
    return TrainingTable(rows, 25, 25, 25)


def test_as_many_rows_fit_as_the_estimate_says() -> None:
    for estimator in ("linear_model.Ridge", "ensemble.RandomForestRegressor", "neighbors.KNeighborsRegressor"):
        one, available = candidate(estimator), 3008 * 2**20
        rows = max_training_rows(one, table(0), available)
        assert estimate_memory(one, table(rows)) <= available < estimate_memory(one, table(rows + rows // 100))


def test_no_rows_fit_where_there_is_no_room_for_the_libraries() -> None:
    assert max_training_rows(candidate("linear_model.Ridge"), table(0), 128 * 2**20) == 0


@pytest.fixture
def little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")


@pytest.mark.usefixtures("little_memory")
def test_what_would_not_fit_is_refused_before_it_is_fitted(learn: Learn) -> None:
    learned = learn(0)
    with pytest.raises(CandidateRefused) as refused:
        learned.fit("ensemble.ExtraTreesRegressor", n_estimators=100_000)
    assert str(refused.value).startswith("tried: sklearn.ensemble.ExtraTreesRegressor would take about ")
    assert "for 1,200 rows of 12 columns in training, which has 256 MB: take fewer trees (n" in str(refused.value)


@pytest.mark.usefixtures("little_memory")
def test_a_forest_that_its_data_keep_small_is_fitted_however_large_it_might_be(learn: Learn) -> None:
    # Given a target that one question decides, so that a tree has three nodes instead of two thousand
    learned = learn(2)
    learned.columns["outcome"][:] = np.where(learned.matrix[:, 1] > 40, "old", "young")
    forest: dict[str, Any] = {"n_estimators": 100}
    assert (
        estimate_memory(candidate("ensemble.ExtraTreesClassifier", **forest), TrainingTable(1200, 7, 7, 7))
        > 256 * 2**20
    )

    assert learned.fit("ensemble.ExtraTreesClassifier", max_features=1.0, **forest).classes == ("old", "young")


@pytest.mark.usefixtures("little_memory")
def test_one_column_for_each_value_is_refused_with_the_number_of_columns() -> None:
    wide = TrainingTable(rows=100_000, features=5, width=3_011, filled=5)
    with pytest.raises(
        CandidateRefused, match=r'of 3,011 columns in training, .* take features = "codes" or "imputed"'
    ):
        check_memory(candidate("neighbors.KNeighborsClassifier"), None, wide, np.zeros((1, 5), np.float32), np.zeros(1))
