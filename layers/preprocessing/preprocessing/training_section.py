"""Reads the section `training` of a definition: which rows a model learns from, and its candidates."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, get_args

from preprocessing.model_name import MODEL_NAME
from preprocessing.model_rules import Candidate, Training, Transform
from preprocessing.search_section import read_search
from preprocessing.tables import TEXT, Key, choice, length, number, pattern_key, whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from preprocessing.definition import Task
    from preprocessing.tables import Table

PINBALL = tuple(f"pinball@{quantile}" for quantile in (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99))
METRICS: Mapping[Task, tuple[str, ...]] = {
    "classification": (
        "roc_auc",
        "log_loss",
        "accuracy",
        "f1",
        "average_precision",
        "brier",
        "balanced_accuracy",
        "cost",
    ),
    "regression": ("rmse", "mae", "r2", "mape", *PINBALL),
    "recommendation": tuple(
        f"{name}@{cutoff}" for name in ("ndcg", "recall", "hit_rate") for cutoff in (10, 1, 5, 20, 40, 50, 100)
    ),
}
"""The metrics of each task; the first one is the default."""

SMALLER_IS_BETTER = frozenset({"log_loss", "brier", "cost", "rmse", "mae", "mape", *PINBALL})
RESERVED = frozenset({"champion", "champion-again", "imported"})
"""What runs call the champion, and its recipe where it is fitted again beside the candidates."""

RECIPES = ("auto", "codes", "imputed", "target", "onehot")
CALIBRATIONS = ("isotonic", "sigmoid")


_ESTIMATORS = re.compile(r"(sklearn|lightgbm|xgboost)(\.\w+)+"), "an estimator of scikit-learn, LightGBM or XGBoost"
_RECOMMENDERS = re.compile(r"refrain\.recommenders\.\w+"), "a recommender, such as refrain.recommenders.Ease"


def training_keys(task: Task, split: str) -> dict[str, Key]:
    """Return the keys of the section `training`, besides the candidates; `split` is the default."""
    return {
        "window": length(None, empty=None),
        "holdout": number(0.2, 0.01, 0.9),
        "split": choice(("time", "upload", "hash"), split),
        "group": TEXT,
        "weight": TEXT,
        "metric": choice(METRICS[task], METRICS[task][0]),
        "positive": TEXT,
        "transform": choice(get_args(Transform), "none"),
        "min_rows": whole(100, 10),
        "too_many_rows": choice(("sample", "refuse"), "sample"),
    }


def candidate_keys(task: Task) -> dict[str, Key]:
    """Return the keys of a candidate, besides the parameters of its estimator."""
    pattern, kind = _RECOMMENDERS if task == "recommendation" else _ESTIMATORS
    return {
        "name": pattern_key(f"a name matching {MODEL_NAME.pattern}", MODEL_NAME, None),
        "estimator": pattern_key(f"the dotted name of {kind}", pattern, None),
        **({} if task == "recommendation" else {"features": choice(RECIPES, "auto")}),
        **({"calibrate": choice(CALIBRATIONS, "")} if task == "classification" else {}),
    }


def read_training(table: Table, task: Task, event_time: str) -> Training:
    """Read which rows a model learns from, how they are split, and its candidates."""
    values = table.read(training_keys(task, "time" if event_time else "hash"), tables=["candidates"])
    if values["split"] == "time" and not event_time:
        raise table.fail("split", "expected the key `time` to name a column, since the split is by time")
    if values["group"] and task == "recommendation":
        raise table.fail("group", "a recommender is split by user: expected no group")
    if values["weight"] and task == "recommendation":
        raise table.fail("weight", 'expected none: the weight of interactions is a column with role = "weight"')
    if values["positive"] and task != "classification":
        raise table.fail("positive", f"expected none, since a {task} has no classes")
    if values["transform"] != "none" and task != "regression":
        raise table.fail("transform", f"expected none, since a {task} has no target that is a number")
    candidates = tuple(_read_candidate(entry, task) for entry in table.tables("candidates"))
    if not candidates:
        raise table.fail("candidates", "expected at least one candidate")
    if len({candidate.name for candidate in candidates}) < len(candidates):
        raise table.fail("candidates", "expected a different name for each candidate")
    for name in RESERVED.intersection(candidate.name for candidate in candidates):
        raise table.fail("candidates", f"expected another name than {name}, which names a model that no run trains")
    return Training(**values, candidates=candidates)


def _read_candidate(table: Table, task: Task) -> Candidate:
    keys = candidate_keys(task)
    values: dict[str, Any] = {"features": "none"} | {name: table.get(name, key) for name, key in keys.items()}
    parameters = {name: value for name, value in table.content.items() if name not in keys and name != "search"}
    if task == "recommendation" and "search" in table.content:
        raise table.fail("search", "expected none: a recommender chooses the parameters that are left open by itself")
    for name, value in parameters.items():
        if name == "calibrate":
            raise table.fail(name, f"expected none, since a {task} has no probabilities")
        if not _is_finite(value):
            raise table.fail(name, f"expected finite numbers, got {value!r}")
    return Candidate(**values, parameters=parameters, search=read_search(table, parameters))


def _is_finite(value: object) -> bool:
    if isinstance(value, list):
        return all(map(_is_finite, value))
    if isinstance(value, dict):
        return all(map(_is_finite, value.values()))
    return not isinstance(value, float) or math.isfinite(value)
