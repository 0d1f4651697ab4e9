"""Reads the sections of a definition about its use: training, gate, rollout, serving, retraining, monitoring."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from preprocessing.model_rules import Candidate, Gate, Recommending, Rollout, Serving, Training
from preprocessing.tables import BOOLEAN, TEXT, TEXTS, Key, choice, length, number, of_type, pattern_key, whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from preprocessing.definition import Task
    from preprocessing.tables import Table

MODEL_NAME = re.compile(r"[a-z][a-z0-9-]{0,47}")
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
RESERVED = frozenset({"champion", "champion-again"})
"""What runs call the champion, and its recipe where it is fitted again beside the candidates."""

RECIPES = ("auto", "codes", "imputed", "onehot")
CHECK_NAMES = (
    "leaking_column",
    "id_like_column",
    "date_as_feature",
    "constant_column",
    "mostly_missing_column",
    "too_many_values",
    "equal_columns",
    "disguised_missing",
    "rare_class",
    "flattering_accuracy",
    "frequent_target",
    "target_drift",
    "copies",
    "entity_on_both_sides",
    "time_overlap",
    "overfit",
    "no_better_than_trivial",
    "useless_features",
)
"""The method checks of a run, in the order of their codes."""
MAX_ALARM_WINDOWS = 20
MAX_FAILED_RUNS = 20
MAX_SEGMENT_COLUMNS = 8


def _parse_costs(value: object) -> dict[str, dict[str, float]]:
    cost = number(least=0.0).parse
    answers = of_type(dict)(value).items()
    return {truth: {label: cost(amount) for label, amount in of_type(dict)(costs).items()} for truth, costs in answers}


_COST = {"type": "object", "additionalProperties": {"type": "number", "minimum": 0}}
COSTS = Key(
    "costs of at least 0 by true and answered class, such as { fraud = { ok = 100 } }",
    _parse_costs,
    {},
    schema={"type": "object", "additionalProperties": _COST},
)

_ESTIMATORS = re.compile(r"sklearn(\.\w+)+"), "a scikit-learn estimator"
_RECOMMENDERS = re.compile(r"refrain\.recommenders\.\w+"), "a recommender, such as refrain.recommenders.Ease"


def _parse_ignored(value: object) -> tuple[str, ...]:
    entries = TEXTS.parse(value)
    for entry in entries:
        CHECK_NAMES.index(entry.partition(":")[0])
    return tuple(entries)


_IGNORED = {"type": "string", "pattern": f"^({'|'.join(CHECK_NAMES)})(:.*)?$"}
CHECKS = {
    "ignore": Key(
        "a list of names of method checks, each as `check` or `check:column`",
        _parse_ignored,
        (),
        schema={"type": "array", "items": _IGNORED},
    )
}


def _parse_alarm(value: object) -> tuple[int, int]:
    least, windows = map(of_type(int), of_type(list)(value))
    if not 1 <= least <= windows <= MAX_ALARM_WINDOWS:
        raise ValueError
    return least, windows


GATE = {
    "min_metric": number(),
    "max_metric": number(),
    "confidence": number(0.95, 0.5, 0.9999),
    "max_latency_ms": number(None, 0.001),
    "max_memory_mb": number(None, 1),
    "margin": number(0.1, 0.0, 1.0),
    "least_gain": number(0.0, 0.0),
}
ROLLOUT = {
    "mode": choice(("immediate", "shadow", "canary"), "immediate"),
    "share": number(0.1, 0.001, 0.5),
    "least_rows": whole(200, 1),
    "least_labels": whole(100, 1),
    "without_labels": choice(("keep", "promote"), "keep"),
    "least_minutes": number(None, 0.0, 43200),
    "most_minutes": number(4320.0, 0.05, 43200),
    "approval": BOOLEAN,
    "approval_hours": number(72.0, 0.001, 8000),
}
SERVING = {"uncertainty": choice(("on_request", "always"), "on_request"), "coverage": number(0.9, 0.5, 0.99)}
RETRAINING = {
    "every": choice(("hourly", "daily", "weekly", "monthly", "never"), "never"),
    "new_rows": whole(0),
    "on_drift": BOOLEAN,
    "cooldown": length(6 * 3600.0, empty=0.0),
    "max_failed_runs": whole(5, 1, MAX_FAILED_RUNS),
    "max_age": length(None, empty=None),
}
MONITORING = {
    "capture": number(1.0, 0.0, 1.0),
    "window": length(86400.0, empty=86400.0),
    "quality": length(7 * 86400.0, empty=7 * 86400.0),
    "alarm": Key(
        f"two whole numbers, k of m, 1 <= k <= m <= {MAX_ALARM_WINDOWS}",
        _parse_alarm,
        (2, 3),
        schema={"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "integer", "minimum": 1}},
    ),
    "least_shift": number(0.1, 0.001),
    "least_points": number(1.0, 0.01, 100.0),
    "ignore": TEXTS,
    "segments": TEXTS,
}


RECOMMENDATION = {"explore": number(0.0, 0.0, 0.2)}


def suggest_model_name(text: str) -> str:
    """Return the name of a model that is nearest to a text.

    >>> suggest_model_name("Titanic_v2"), suggest_model_name("2026 sales (final)"), suggest_model_name("?")
    ('titanic-v2', 'sales-final', 'model')
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).lstrip("-0123456789")[:48].rstrip("-") or "model"


def training_keys(task: Task, split: str) -> dict[str, Key]:
    """Return the keys of the section `training`, besides the candidates; `split` is the default."""
    return {
        "window": length(None, empty=None),
        "holdout": number(0.2, 0.01, 0.9),
        "split": choice(("time", "upload", "hash"), split),
        "group": TEXT,
        "metric": choice(METRICS[task], METRICS[task][0]),
        "positive": TEXT,
        "costs": COSTS,
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
    }


def read_training(table: Table, task: Task, event_time: str) -> Training:
    """Read which rows a model learns from, how they are split, and its candidates."""
    values = table.read(training_keys(task, "time" if event_time else "hash"), tables=["candidates"])
    if values["split"] == "time" and not event_time:
        raise table.fail("split", "expected the key `time` to name a column, since the split is by time")
    if values["group"] and task == "recommendation":
        raise table.fail("group", "a recommender is split by user: expected no group")
    for name in ("positive", "costs"):
        if values[name] and task != "classification":
            raise table.fail(name, f"expected none, since a {task} has no classes")
    if values["metric"] == "cost" and not values["costs"]:
        raise table.fail("costs", "expected what wrong labels cost, since the metric is cost")
    candidates = tuple(_read_candidate(entry, task) for entry in table.tables("candidates"))
    if not candidates:
        raise table.fail("candidates", "expected at least one candidate")
    if len({candidate.name for candidate in candidates}) < len(candidates):
        raise table.fail("candidates", "expected a different name for each candidate")
    for name in RESERVED.intersection(candidate.name for candidate in candidates):
        raise table.fail("candidates", f"expected another name than {name}, which means the model in service")
    return Training(**values, candidates=candidates)


def _read_candidate(table: Table, task: Task) -> Candidate:
    keys = candidate_keys(task)
    values: dict[str, str] = {"features": "none"} | {name: table.get(name, key) for name, key in keys.items()}
    parameters = {name: value for name, value in table.content.items() if name not in keys}
    for name, value in parameters.items():
        if not _is_finite(value):
            raise table.fail(name, f"expected finite numbers, got {value!r}")
    return Candidate(**values, parameters=parameters)


def _is_finite(value: object) -> bool:
    if isinstance(value, list):
        return all(map(_is_finite, value))
    if isinstance(value, dict):
        return all(map(_is_finite, value.values()))
    return not isinstance(value, float) or math.isfinite(value)


def read_gate(table: Table, metric: str) -> Gate:
    """Read when a challenger may replace the champion."""
    wrong, right = ("min_metric", "max_metric") if metric in SMALLER_IS_BETTER else ("max_metric", "min_metric")
    if wrong in table.content:
        raise table.fail(wrong, f"expected {right}, since the metric is {metric}")
    return Gate(**table.read(GATE))


def read_rollout(table: Table, task: Task, capture: float) -> Rollout:
    """Read how a new champion takes over; a challenger is judged by captured predictions."""
    values = table.read(ROLLOUT)
    longest = values["most_minutes"]
    if values["least_minutes"] is None:
        values["least_minutes"] = min(60.0, longest / 10)
    if values["least_minutes"] > longest:
        raise table.fail("least_minutes", f"expected at most most_minutes, {longest:g}")
    rollout = Rollout(**values)
    if rollout.mode != "immediate" and task == "recommendation":
        raise table.fail("mode", f"expected immediate: a recommender cannot be tried as {rollout.mode}")
    if rollout.mode != "immediate" and capture == 0:
        raise table.fail(
            "mode", f"expected immediate, since monitoring.capture is 0 and a {rollout.mode} is judged by captured rows"
        )
    return rollout


def read_recommending(top: Table, task: Task, capture: float) -> Recommending:
    """Read how lists are made; what they try is only learned from captured lists."""
    table = top.table("recommendation")
    recommending = Recommending(**table.read(RECOMMENDATION))
    if recommending.explore and task != "recommendation":
        raise table.fail("explore", f"expected 0, since the task is {task}")
    if recommending.explore and capture == 0:
        raise table.fail("explore", "expected 0, since monitoring.capture is 0: only captured lists can be judged")
    return recommending


def read_serving(table: Table, task: Task) -> Serving:
    """Read how sure answers are; a list of items has no truth to lie within."""
    serving = Serving(**table.read(SERVING))
    if serving.uncertainty == "always" and task == "recommendation":
        raise table.fail("uncertainty", "expected on_request: a recommender has neither intervals nor sets")
    return serving
