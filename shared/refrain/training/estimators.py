"""From the dotted name in a definition to an estimator of scikit-learn, or a sentence that says why not."""

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

    Keys of a `class_weight` are classes as the definition knows them. Raises `CandidateRefused`.
    """
    made = find_class(task, candidate)
    try:
        known = made._get_param_names()
        parameters = dict(candidate.parameters)
        unknown = sorted(set(parameters) - set(known))
        if unknown:
            raise _refused(candidate, f"has no parameter {', '.join(unknown)}; it has {', '.join(known)}")
        if "random_state" in known:
            parameters.setdefault("random_state", 0)
        weights = parameters.get("class_weight")
        if isinstance(weights, dict):
            parameters["class_weight"] = _by_number(candidate, weights, classes)
        estimator = made(**parameters)
    except TypeError as error:
        raise _refused(candidate, f"cannot be made from its parameters: {error}") from error
    if task == "classification" and not hasattr(estimator, "predict_proba"):
        raise _refused(candidate, "gives no probabilities (predict_proba) with these parameters")
    return estimator


def find_class(task: Task, candidate: Candidate) -> Any:
    """Find the class by its dotted name; nothing but an estimator of scikit-learn for the task will do."""
    module, _, name = candidate.estimator.rpartition(".")
    try:
        found = getattr(import_module(module), name, None)
    except ImportError:
        found = None
    if not (isinstance(found, type) and issubclass(found, BaseEstimator) and found.__module__.startswith("sklearn.")):
        raise _refused(candidate, "is no estimator of scikit-learn")
    if not issubclass(found, MIXINS[task]):
        raise _refused(candidate, f"is none for {task}")
    return found


def _by_number(candidate: Candidate, weights: Mapping[str, object], classes: Sequence[str]) -> dict[int, object]:
    unknown = sorted(set(weights) - set(classes))
    if unknown:
        raise _refused(candidate, f"weighs classes that do not occur: {', '.join(unknown)}")
    return {classes.index(name): weight for name, weight in weights.items()}


def _refused(candidate: Candidate, sentence: str) -> CandidateRefused:
    return CandidateRefused(f"{candidate.name}: {candidate.estimator} {sentence}")
