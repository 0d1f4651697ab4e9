"""Make the estimator of scikit-learn that a definition names, or say in one sentence why not."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from refrain.errors import CandidateRefused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from preprocessing import Candidate
    from preprocessing.definition import Task

MIXINS = {"classification": ClassifierMixin, "regression": RegressorMixin}


def make_estimator(task: Task, candidate: Candidate, classes: Sequence[str] = ()) -> Any:
    """Make the estimator, not yet fitted, with `random_state` 0 where it has one, so that runs can be repeated.

    Keys of a `class_weight` are classes as the definition writes them. Raises `CandidateRefused`.
    """
    kind = find_class(task, candidate)
    try:
        names = kind._get_param_names()
        parameters = dict(candidate.parameters)
        unknown = sorted(set(parameters) - set(names))
        if unknown:
            raise _refused(candidate, f"has no parameter {', '.join(unknown)}; it has {', '.join(names)}")
        if "random_state" in names:
            parameters.setdefault("random_state", 0)
        weights = parameters.get("class_weight")
        if isinstance(weights, dict):
            parameters["class_weight"] = _by_number(candidate, weights, classes)
        estimator = kind(**parameters)
    except TypeError as error:
        raise _refused(candidate, f"cannot be made from its parameters: {error}") from error
    if task == "classification" and not hasattr(estimator, "predict_proba"):
        raise _refused(candidate, "gives no probabilities (predict_proba) with these parameters")
    return estimator


def find_class(task: Task, candidate: Candidate) -> Any:
    """Find the class by its dotted name; it must be an estimator of scikit-learn for the task."""
    module, _, name = candidate.estimator.rpartition(".")
    try:
        kind = getattr(import_module(module), name, None)
    except ImportError:
        kind = None
    if not (isinstance(kind, type) and issubclass(kind, BaseEstimator) and kind.__module__.startswith("sklearn.")):
        raise _refused(candidate, "is not an estimator of scikit-learn")
    if not issubclass(kind, MIXINS[task]):
        raise _refused(candidate, f"is not for {task}")
    return kind


def _by_number(candidate: Candidate, weights: Mapping[str, object], classes: Sequence[str]) -> dict[int, object]:
    unknown = sorted(set(weights) - set(classes))
    if unknown:
        raise _refused(candidate, f"has weights for classes that do not occur: {', '.join(unknown)}")
    return {classes.index(name): weight for name, weight in weights.items()}


def _refused(candidate: Candidate, sentence: str) -> CandidateRefused:
    return CandidateRefused(f"{candidate.name}: {candidate.estimator} {sentence}")
