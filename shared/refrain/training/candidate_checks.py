"""Checks the candidates of a definition before a run has to: whether each can be made, and what was meant where not."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from sklearn.utils import all_estimators

from preprocessing import RecommenderDefinition
from preprocessing.model_rules import ParameterRange
from refrain.errors import CandidateRefused
from refrain.training.estimators import BOOSTERS, check_weighable, find_class, make_estimator, parameter_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from preprocessing import Candidate, Definition

KINDS = {"classification": "classifier", "regression": "regressor"}


def find_candidate_problems(definition: Definition, classes: Sequence[str] = ()) -> Iterator[str]:
    """Say of each candidate that cannot be made why, and what was probably meant.

    Without the `classes` of the rows, weights of classes are taken as they are written.
    """
    for candidate in definition.training.candidates:
        try:
            if isinstance(definition, RecommenderDefinition):
                from refrain.training.recommender_fit import make_recommender  # other models do not need it

                make_recommender(candidate)
            else:
                for tried in _ends_of_search(candidate):
                    make_estimator(definition.task, tried, classes or _weighted_classes(candidate))
                estimator = make_estimator(definition.task, candidate, classes or _weighted_classes(candidate))
                if definition.training.weight:
                    check_weighable(candidate, estimator)
        except CandidateRefused as refusal:
            meant = "" if isinstance(definition, RecommenderDefinition) else suggest(definition, candidate)
            yield f"{refusal}{f'; did you mean {meant}?' if meant else ''}"


def _ends_of_search(candidate: Candidate) -> Iterator[Candidate]:
    """Give the candidate each option of its search, and both bounds of a range."""
    for name, options in candidate.search.parameters.items() if candidate.search else ():
        if isinstance(options, ParameterRange):
            kind = int if options.whole else float
            options = (kind(options.low), kind(options.high))
        for option in options:
            yield replace(candidate, parameters={**candidate.parameters, name: option})


def suggest(definition: Definition, candidate: Candidate) -> str:
    """Name the estimator, or the parameters, that a candidate probably means; an empty text where nothing is near."""
    try:
        names = parameter_names(find_class(definition.task, candidate))
    except CandidateRefused:
        return _suggest_estimator(definition, candidate)
    unknown = [name for name in candidate.parameters if name not in names]
    return ", ".join(meant[0] for name in unknown if (meant := get_close_matches(name, names, 1)))


def _suggest_estimator(definition: Definition, candidate: Candidate) -> str:
    kinds = all_estimators(type_filter=KINDS[definition.task])
    modules = {name: _public_module(kind.__module__) for name, kind in kinds if hasattr(kind, "fit")}
    for booster in BOOSTERS[definition.task]:
        module, _, name = booster.rpartition(".")
        modules[name] = module
    wanted = candidate.estimator.rpartition(".")[2]
    twin = wanted.replace("Regressor", "Classifier").replace("Regression", "Classifier")
    if definition.task == "regression":
        twin = wanted.replace("Classifier", "Regressor")
    meant = next((name for name in (wanted, twin) if name in modules), None)
    meant = meant or next(iter(get_close_matches(wanted, modules, 1, 0.7)), None)
    return f"{modules[meant]}.{meant}" if meant else ""


def _public_module(module: str) -> str:
    """Drop the private part of a module, since estimators are imported from the package above.

    >>> _public_module("sklearn.linear_model._logistic")
    'sklearn.linear_model'
    """
    return module.partition("._")[0]


def _weighted_classes(candidate: Candidate) -> list[str]:
    weights = candidate.parameters.get("class_weight")
    return list(weights) if isinstance(weights, dict) else []
