"""docs/estimators.md lists the estimators of scikit-learn that pass: each is fitted, exported and proved here."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
import pytest
from sklearn.utils import all_estimators
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from preprocessing import Candidate, encode, learn_vocabularies, objects, parse_definition
from refrain.errors import CandidateRefused
from refrain.lake.parity_figures import TOLERANCE
from refrain.training.export import export
from refrain.training.fitting import fit
from refrain.training.recipes import choose_recipe
from refrain.training.refusal_words import USUAL_REFUSALS
from tests.contract.test_docs import PAGE, codes, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from preprocessing import Array, Columns, Definition
    from preprocessing.definition import Task

LEARNED, ASKED = 90, 120

NEEDED: dict[str, dict[str, Any]] = {
    "CCA": {"n_components": 1},
    "CategoricalNB": {"features": "imputed"},
    "ComplementNB": {"features": "imputed"},
    "IsotonicRegression": {"out_of_bounds": "clip"},
    "MultinomialNB": {"features": "imputed"},
    "PLSCanonical": {"n_components": 1},
    "NuSVC": {"probability": True},
    "QuadraticDiscriminantAnalysis": {"reg_param": 0.1},
    "RadiusNeighborsClassifier": {"outlier_label": "most_frequent"},
    "RadiusNeighborsRegressor": {"radius": 5.0},
    "SGDClassifier": {"loss": "log_loss"},
    "SVC": {"probability": True},
}
"""What an estimator needs besides its defaults."""

COMMON: dict[str, list[dict[str, Any]]] = {
    "AdaBoostClassifier": [{"n_estimators": 10, "learning_rate": 0.5}],
    "AdaBoostRegressor": [{"n_estimators": 10, "loss": "square"}],
    "BaggingClassifier": [{"max_samples": 0.5, "max_features": 0.5}],
    "BaggingRegressor": [{"max_samples": 0.5, "max_features": 0.5}],
    "BernoulliNB": [{"alpha": 0.5, "binarize": 0.2}],
    "DecisionTreeClassifier": [{"criterion": "entropy", "max_depth": 5}, {"class_weight": "balanced"}],
    "DecisionTreeRegressor": [{"criterion": "absolute_error", "max_leaf_nodes": 9}],
    "DummyClassifier": [{"strategy": "most_frequent"}, {"strategy": "uniform"}],
    "DummyRegressor": [{"strategy": "median"}],
    "ElasticNet": [{"alpha": 0.1, "l1_ratio": 0.2}],
    "ExtraTreesClassifier": [{"n_estimators": 10, "features": "codes"}],
    "ExtraTreesRegressor": [{"n_estimators": 10, "features": "codes"}],
    "GammaRegressor": [{"alpha": 0.1}],
    "GaussianNB": [{"var_smoothing": 1e-6}],
    "GradientBoostingClassifier": [{"n_estimators": 10, "subsample": 0.5}],
    "GradientBoostingRegressor": [{"n_estimators": 10, "loss": "huber"}, {"n_estimators": 10, "loss": "quantile"}],
    "HistGradientBoostingClassifier": [{"max_iter": 10, "l2_regularization": 1.0, "class_weight": "balanced"}],
    "HistGradientBoostingRegressor": [
        {"max_iter": 10, "loss": loss, **more}
        for loss, more in (("poisson", {}), ("gamma", {}), ("absolute_error", {}), ("quantile", {"quantile": 0.9}))
    ],
    "HuberRegressor": [{"epsilon": 2.0, "alpha": 0.1}],
    "KNeighborsClassifier": [{"weights": "distance"}, {"metric": "manhattan", "n_neighbors": 9}],
    "KNeighborsRegressor": [{"weights": "distance"}, {"p": 3, "n_neighbors": 9}],
    "KernelRidge": [{"kernel": kernel, "alpha": 0.5} for kernel in ("rbf", "poly", "laplacian", "sigmoid")],
    "LabelPropagation": [{"kernel": "knn"}],
    "LabelSpreading": [{"kernel": "knn", "alpha": 0.5}],
    "Lasso": [{"alpha": 0.1}],
    "LinearDiscriminantAnalysis": [{"solver": "lsqr", "shrinkage": "auto"}],
    "LinearSVR": [{"C": 0.1, "loss": "squared_epsilon_insensitive"}],
    "LogisticRegression": [{"solver": "saga", "l1_ratio": 0.5, "class_weight": "balanced"}],
    "MLPClassifier": [{"hidden_layer_sizes": [8, 4], "activation": "tanh", "max_iter": 20}],
    "MLPRegressor": [{"hidden_layer_sizes": [8, 4], "activation": "logistic", "max_iter": 20}],
    "NearestCentroid": [{"shrink_threshold": 0.2}],
    "PoissonRegressor": [{"alpha": 0.1}],
    "QuantileRegressor": [{"quantile": 0.9, "alpha": 0.01}],
    "RadiusNeighborsClassifier": [{"weights": "distance", "radius": 2.0}],
    "RadiusNeighborsRegressor": [{"weights": "distance"}],
    "RandomForestClassifier": [{"n_estimators": 10, "features": "codes"}, {"n_estimators": 10, "criterion": "entropy"}],
    "RandomForestRegressor": [{"n_estimators": 10, "features": "codes"}, {"n_estimators": 10, "max_features": 0.5}],
    "Ridge": [{"alpha": 10.0, "solver": "sparse_cg"}],
    "SGDClassifier": [{"loss": "modified_huber", "penalty": "l1"}],
    "SGDRegressor": [{"loss": "huber", "penalty": "elasticnet"}],
    "SVR": [{"kernel": kernel} for kernel in ("linear", "poly", "sigmoid")],
    "TweedieRegressor": [{"power": 1.5}],
}
"""Parameters that are tried besides, each set by itself."""


@cache
def rows(task: Task, classes: int, shape: str) -> tuple[Definition, Columns]:
    """Rows with gaps, of one feature alone, or without negative values."""
    draw = np.random.default_rng(3)
    size, weight = draw.normal(size=ASKED), draw.uniform(0, 9, ASKED).round(0 if shape == "counts" else 6)
    colour = draw.choice(["red", "green", "blue"], ASKED)
    signal = size + weight / 4 + (colour == "red") + draw.normal(0, 0.3, ASKED)
    edges = np.quantile(signal, np.linspace(0, 1, classes + 1)[1:-1]) if classes else []
    target: Array = np.exp(signal / 2)
    if classes:
        target = objects([f"class {number}" for number in np.digitize(signal, edges)])
    size[draw.random(ASKED) < 0.1] = np.nan
    columns = {"weight": weight, "size": size, "colour": objects(colour.tolist()), "target": target}
    kinds = {"weight": "number", "size": "number", "colour": "category", "target": "category" if classes else "number"}
    role = {"size": {"role": "ignore"}, "colour": {"role": "ignore"}} if shape == "one" else {}
    if shape == "counts":
        role = {"size": {"role": "ignore"}}
    document = {
        "task": task,
        "target": "target",
        "columns": {name: {"type": kind, **role.get(name, {})} for name, kind in kinds.items()},
        "training": {"candidates": [{"name": "any", "estimator": "sklearn.linear_model.Ridge"}]},
    }
    return parse_definition("case", document, "case.toml"), columns


def prove(task: Task, classes: int, estimator: str, parameters: dict[str, Any]) -> bool:
    """Fit on some rows, export, and compare the answers to all."""
    name = estimator.rpartition(".")[2]
    shape = "one" if name == "IsotonicRegression" else "counts" if name.endswith("NB") and name in NEEDED else "mixed"
    definition, columns = rows(task, classes, shape)
    vocabularies = learn_vocabularies(definition, columns)
    matrix = encode(definition, vocabularies, columns)
    candidate = Candidate("case", estimator, parameters.pop("features", "auto"), parameters)
    fitted = fit(definition, candidate, vocabularies, matrix[:LEARNED], columns["target"][:LEARNED])
    session = onnxruntime.InferenceSession(export(fitted, matrix.shape[1]))
    (answers,) = session.run(None, {"features": matrix})
    if fitted.target_scale is not None:
        answers = fitted.target_scale.to_own_units(answers)
    spread = 1.0 if classes else columns["target"].std()
    return bool(np.abs(fitted.answers(matrix) - answers).max() <= TOLERANCE * spread)


def parameter_sets(name: str) -> Iterator[dict[str, Any]]:
    """The parameters that an estimator is tried with, the defaults first."""
    for tried in ({}, *COMMON.get(name, [])):
        yield NEEDED.get(name, {}) | tried


def estimators() -> dict[str, tuple[Task, Any]]:
    """The task and class of each estimator, by its dotted name."""
    kinds: dict[Task, str] = {"classification": "classifier", "regression": "regressor"}
    return {
        f"{kind.__module__.partition('._')[0].removeprefix('sklearn.')}.{name}": (task, kind)
        for task, filtered in kinds.items()
        for name, kind in all_estimators(type_filter=filtered)
    }


ESTIMATORS = estimators()
NOT_LISTED = {name for row in table(PAGE["estimators"], "not here") for name in codes(row["not here"])}
LISTED = {name: task for name, (task, _) in ESTIMATORS.items() if name not in NOT_LISTED}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", LISTED)
def test_an_estimator_that_is_listed_proves_itself(name: str) -> None:
    with threadpool_limits(1):
        for parameters in parameter_sets(name.rpartition(".")[2]):
            for classes in (2, 3) if LISTED[name] == "classification" else (0,):
                assert prove(LISTED[name], classes, f"sklearn.{name}", dict(parameters)), parameters


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", sorted(NOT_LISTED))
def test_an_estimator_that_is_not_listed_is_refused_with_what_to_take_instead(name: str) -> None:
    task = ESTIMATORS[name][0]
    with pytest.raises(CandidateRefused, match=r": (name that one|take |set |.*take an estimator)"):
        prove(task, 2 if task == "classification" else 0, f"sklearn.{name}", {})


def written(parameters: dict[str, Any]) -> str:
    """Parameters as a definition has them."""
    return ", ".join(f"`{name} = {json.dumps(value)}`" for name, value in parameters.items())


def listed_rows() -> list[dict[str, str]]:
    """The table of docs/estimators.md."""
    return [
        {
            "estimator": f"`{name}`",
            "task": task,
            "features": f"`{choose_recipe(Candidate('any', f'sklearn.{name}', 'auto', {}))}`",
            "needs": written(NEEDED.get(name.rpartition(".")[2], {})),
            "tried besides the defaults": "; ".join(map(written, COMMON.get(name.rpartition(".")[2], []))),
        }
        for name, task in sorted(LISTED.items())
    ]


def test_the_page_lists_the_estimators_that_pass() -> None:
    assert table(PAGE["estimators"], "estimator") == listed_rows()


def test_the_page_says_what_each_refusal_means() -> None:
    rows = {row["it says"]: row["what to do"] for row in table(PAGE["estimators"], "it says")}
    for usual in USUAL_REFUSALS:
        assert rows[usual.meaning].replace("`", "") == usual.cure
