"""The estimators that a candidate may name: those of scikit-learn, and the boosting of LightGBM and XGBoost."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.validation import has_fit_parameter

from refrain.errors import CandidateRefused
from refrain.training.refusal_words import explain_no_probabilities, explain_parameters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from preprocessing import Candidate
    from preprocessing.definition import Task

MIXINS = {"classification": ClassifierMixin, "regression": RegressorMixin}
BOOSTERS: dict[Task, tuple[str, ...]] = {
    "classification": ("lightgbm.LGBMClassifier", "xgboost.XGBClassifier"),
    "regression": ("lightgbm.LGBMRegressor", "xgboost.XGBRegressor"),
}
REPEATABLE: dict[str, dict[str, object]] = {
    "lightgbm": {"n_jobs": 1, "deterministic": True, "force_col_wise": True, "verbosity": -1},
    "xgboost": {"n_jobs": 1, "verbosity": 0},
}
"""What a library gets unless the candidate says otherwise: one thread, so that runs can be repeated, and no output."""

LIGHTGBM_PARAMETERS = (
    *("alpha", "boost_from_average", "drop_rate", "extra_trees", "feature_fraction_bynode", "interaction_constraints"),
    *("is_unbalance", "max_bin", "max_delta_step", "max_drop", "min_data_in_bin", "monotone_constraints"),
    *("other_rate", "path_smooth", "scale_pos_weight", "skip_drop", "top_rate", "tweedie_variance_power"),
)
"""Parameters of LightGBM that its estimators take, and do not list."""

FIT_ERRORS = (ValueError, TypeError, AttributeError, ArithmeticError, IndexError, KeyError, RuntimeError, MemoryError)


def fit_errors() -> tuple[type[Exception], ...]:
    """Return what estimators raise for parameters and data that they cannot use. LightGBM has an error of its own."""
    lightgbm = sys.modules.get("lightgbm")
    return FIT_ERRORS if lightgbm is None else (*FIT_ERRORS, lightgbm.basic.LightGBMError)


def make_estimator(task: Task, candidate: Candidate, classes: Sequence[str] = ()) -> Any:
    """Make the estimator, not yet fitted, with `random_state` 0 where it has one, so that runs can be repeated.

    Keys of a `class_weight` are classes as the definition writes them. Raises `CandidateRefused`.
    """
    kind = find_class(task, candidate)
    try:
        names = parameter_names(kind)
        if unknown := sorted(set(candidate.parameters) - set(names)):
            raise refuse_candidate(candidate, f"has no parameter {', '.join(unknown)}; it has {', '.join(names)}")
        parameters = {**REPEATABLE.get(library_of(kind), {}), **candidate.parameters}
        if "random_state" in names:
            parameters.setdefault("random_state", 0)
        weights = parameters.get("class_weight")
        if isinstance(weights, dict):
            if unknown := sorted(set(weights) - set(classes)):
                raise refuse_candidate(candidate, f"has weights for classes that do not occur: {', '.join(unknown)}")
            parameters["class_weight"] = {classes.index(name): weight for name, weight in weights.items()}
        estimator = kind(**parameters)
        if library_of(kind) == "sklearn":
            estimator._validate_params()
        else:
            _try(estimator, task)
    except fit_errors() as error:
        raise refuse_candidate(candidate, explain_parameters(error)) from error
    if task == "classification" and not hasattr(estimator, "predict_proba"):
        raise refuse_candidate(candidate, explain_no_probabilities(kind.__name__))
    return estimator


def _try(estimator: Any, task: Task) -> None:
    """Fit a copy on a few rows, which shows parameters that the library refuses."""
    rows = np.arange(20)
    clone(estimator).fit(rows.reshape(-1, 1), rows % 2 if task == "classification" else (rows + 1) / 30)


def check_weighable(candidate: Candidate, estimator: Any) -> None:
    """Raise `CandidateRefused` for an estimator that cannot weigh rows."""
    if not has_fit_parameter(estimator, "sample_weight"):
        raise refuse_candidate(candidate, "cannot weigh rows: take another estimator, or leave out training.weight")


def find_class(task: Task, candidate: Candidate) -> Any:
    """Find the class by its dotted name; it must be an estimator for the task."""
    module, _, name = candidate.estimator.rpartition(".")
    try:
        kind = getattr(import_module(module), name, None)
    except ImportError:
        kind = None
    boosters = {booster for names in BOOSTERS.values() for booster in names}
    if not (isinstance(kind, type) and issubclass(kind, BaseEstimator)) or (
        library_of(kind) != "sklearn" and candidate.estimator not in boosters
    ):
        raise refuse_candidate(candidate, "is not an estimator of scikit-learn, LightGBM or XGBoost")
    if not issubclass(kind, MIXINS[task]):
        raise refuse_candidate(candidate, f"is not for {task}")
    return kind


def parameter_names(kind: Any) -> list[str]:
    """List the parameters of a class of estimators."""
    if library_of(kind) == "sklearn":
        return list(kind._get_param_names())
    return sorted({*kind().get_params(), *(LIGHTGBM_PARAMETERS if library_of(kind) == "lightgbm" else ())})


def library_of(kind: type) -> str:
    """Name the package that a class comes from."""
    return kind.__module__.partition(".")[0]


def takes_sparse(estimator: Any) -> bool:
    """Whether an estimator takes a sparse matrix and can still be exported.

    Neighbours keep the rows in the graph. XGBoost takes a zero that is left out for a missing value.
    """
    barred = type(estimator).__module__.startswith(("sklearn.neighbors", "xgboost."))
    return bool(get_tags(estimator).input_tags.sparse) and not barred


def refuse_candidate(candidate: Candidate, sentence: str) -> CandidateRefused:
    """Return the refusal of a candidate, to be raised."""
    return CandidateRefused(f"{candidate.name}: {candidate.estimator} {sentence}")
