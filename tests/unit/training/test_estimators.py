"""Estimators of three libraries are found by name, and refused in one language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from preprocessing import Candidate
from refrain.errors import CandidateRefused
from refrain.training.candidate_checks import suggest
from refrain.training.estimators import BOOSTERS, find_class, make_estimator, parameter_names, takes_sparse

if TYPE_CHECKING:
    from preprocessing.definition import Task
    from tests.unit.training.conftest import Learn

BOTH = [(task, name) for task, names in BOOSTERS.items() for name in names]


def candidate(estimator: str, **parameters: object) -> Candidate:
    return Candidate("tried", estimator, "auto", parameters)


@pytest.mark.parametrize(("task", "estimator"), BOTH)
def test_a_booster_is_fitted_in_one_thread_and_drawn_the_same_way(learn: Learn, task: Task, estimator: str) -> None:
    learned = learn(2 if task == "classification" else 0)

    first, second = (learned.fit(estimator, n_estimators=5, subsample=0.5) for _ in range(2))

    assert first.recipe == "codes"
    assert (first.estimator.n_jobs, first.estimator.random_state) == (1, 0)
    np.testing.assert_array_equal(first.answers(learned.matrix), second.answers(learned.matrix))


@pytest.mark.parametrize(
    ("estimator", "parameters", "sentence"),
    [
        ("lightgbm.LGBMRanker", {}, "is not an estimator of scikit-learn, LightGBM or XGBoost"),
        ("lightgbm.DaskLGBMClassifier", {}, "is not an estimator of scikit-learn, LightGBM or XGBoost"),
        ("xgboost.XGBRFClassifier", {}, "is not an estimator of scikit-learn, LightGBM or XGBoost"),
        ("xgboost.sklearn.os.system", {}, "is not an estimator of scikit-learn, LightGBM or XGBoost"),
        ("xgboost.XGBRegressor", {}, "is not for classification"),
        ("lightgbm.LGBMClassifier", {"leaves": 5}, "has no parameter leaves; it has .*, num_leaves, "),
        ("xgboost.XGBClassifier", {"eta": 0.1}, "has no parameter eta; it has .*, learning_rate, "),
        ("lightgbm.LGBMClassifier", {"num_leaves": 1}, r"cannot be made from its parameters: .*\bnum_leaves\b"),
        ("lightgbm.LGBMClassifier", {"objective": "wrong"}, "cannot be made from its parameters: .*wrong"),
        ("xgboost.XGBClassifier", {"max_depth": -2}, r"cannot be made from its parameters: [^\n]*max_depth"),
        ("xgboost.XGBClassifier", {"early_stopping_rounds": 3}, "cannot be made from its parameters: .*validation"),
    ],
)
def test_what_a_library_cannot_make_is_refused_with_its_reason(
    estimator: str, parameters: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(CandidateRefused, match=rf"tried: {estimator} {sentence}") as refusal:
        make_estimator("classification", candidate(estimator, **parameters))
    assert "\n" not in str(refusal.value)


def test_what_a_library_cannot_fit_is_refused_with_its_reason(learn: Learn) -> None:
    learned = learn(0)
    learned.columns["outcome"][0] = -1
    for estimator, objective in (("lightgbm.LGBMRegressor", "poisson"), ("xgboost.XGBRegressor", "count:poisson")):
        with pytest.raises(CandidateRefused, match=f"tried: {estimator} learns no target this low"):
            learned.fit(estimator, objective=objective)


@pytest.mark.parametrize(
    ("estimator", "parameters", "meant"),
    [
        ("sklearn.ensemble.LGBMClassifier", {}, "lightgbm.LGBMClassifier"),
        ("lightgbm.LGBMClasifier", {}, "lightgbm.LGBMClassifier"),
        ("xgboost.XGBRegressor", {}, "xgboost.XGBClassifier"),
        ("lightgbm.RandomForestClassifier", {}, "sklearn.ensemble.RandomForestClassifier"),
        ("xgboost.XGBClassifier", {"max_deep": 3}, "max_depth"),
        ("lightgbm.LGBMClassifier", {"num_leafs": 3}, "num_leaves"),
    ],
)
def test_what_was_probably_meant_is_named(
    learn: Learn, estimator: str, parameters: dict[str, object], meant: str
) -> None:
    assert suggest(learn(2).definition, candidate(estimator, **parameters)) == meant


def test_every_parameter_of_a_booster_can_be_given() -> None:
    one = candidate("lightgbm.LGBMRegressor", max_bin=30, monotone_constraints=[1])

    assert make_estimator("regression", one).get_params()["monotone_constraints"] == [1]
    assert {"max_depth", "reg_lambda", "scale_pos_weight"} <= set(
        parameter_names(find_class("regression", candidate("xgboost.XGBRegressor")))
    )


def test_no_library_that_takes_zeros_for_missing_gets_a_sparse_matrix() -> None:
    takes = {name: takes_sparse(make_estimator(task, candidate(name))) for task, name in BOTH}

    assert takes == {name: name.startswith("lightgbm.") for _, name in BOTH}
