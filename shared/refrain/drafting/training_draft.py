"""Drafts how a model is trained and judged, by the task and the number of rows."""

from __future__ import annotations

from collections import Counter
from math import ceil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from preprocessing.definition import Task

FEW_ROWS = 1_000
MIN_RUN_ROWS = 100
MIN_HELD_OUT = 30
RARE_SHARE = 0.05
MANY_CLASSES = 20

_LOGISTIC = {"name": "logistic", "estimator": "sklearn.linear_model.LogisticRegression", "max_iter": 1000}
_RIDGE = {"name": "ridge", "estimator": "sklearn.linear_model.Ridge"}
_BOOSTING = {"name": "boosting", "estimator": "sklearn.ensemble.HistGradientBoosting"}
RECOMMENDERS: list[dict[str, Any]] = [
    {"name": "popularity", "estimator": "refrain.recommenders.Popularity"},
    {"name": "ease", "estimator": "refrain.recommenders.Ease"},
]


def draft_training(task: Task, rows: int, labels: Sequence[str], group: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the section `training`, and reasons by dotted key; `labels` are those of a sample."""
    training: dict[str, Any] = {"group": group} if group else {}
    reasons: dict[str, str] = {}
    if task == "recommendation":
        return training | {"metric": "ndcg@10", "holdout": 0.1, "candidates": RECOMMENDERS}, {
            "training.holdout": "the newest choices of each user"
        }
    training["metric"], reasons["training.metric"] = _metric(task, labels)
    training["holdout"] = min(0.5, max(0.2, ceil(20 * MIN_HELD_OUT / rows) / 20))
    if rows < MIN_RUN_ROWS:
        training["min_rows"], reasons["training.min_rows"] = max(10, rows // 2), "few rows: what they show is unsure"
    return training | {"candidates": _candidates(task, len(set(labels)), rows)}, reasons


def _metric(task: Task, labels: Sequence[str]) -> tuple[str, str]:
    if task == "regression":
        return "rmse", "the root of the mean squared error; mae where a few great errors matter less"
    counts = Counter(labels)
    rare = min(counts.values()) / len(labels)
    if len(counts) > 2:
        return "log_loss", f"of {len(counts)} classes; accuracy is easier to explain, and says less"
    if rare < RARE_SHARE:
        return "average_precision", f"one class is rare ({100 * rare:.1f} % of the rows)"
    return "roc_auc", "how well the two classes are told apart, whatever the threshold"


def _candidates(task: Task, classes: int, rows: int) -> list[dict[str, Any]]:
    """Choose a linear model and boosting: gentler on few rows, and shorter for many classes."""
    gentle: dict[str, Any] = (
        {"learning_rate": 0.05, "max_leaf_nodes": 8, "min_samples_leaf": 5} if rows < FEW_ROWS else {}
    )
    if classes > MANY_CLASSES:
        gentle |= {"max_iter": 50}
    if task == "regression":
        return [_RIDGE, {**_BOOSTING, "estimator": f"{_BOOSTING['estimator']}Regressor", **gentle}]
    return [_LOGISTIC, {**_BOOSTING, "estimator": f"{_BOOSTING['estimator']}Classifier", **gentle}]


def draft_gate(rows: int) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the section `gate`, and reasons: of few rows certainty is dear."""
    few = rows < FEW_ROWS
    reason = "how sure it has to be that a candidate is better" + ("; not too sure, with few rows" if few else "")
    return {"confidence": 0.8 if few else 0.95}, {"gate.confidence": reason}
