"""The part of a definition that says what is done with the data: training, gate, rollout, retraining, monitoring."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Literal, cast

from preprocessing.definition import Candidate, Gate, Mode, Monitoring, Retraining, Rollout, Task, Training

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from preprocessing.tables import Table

NAME = re.compile(r"[a-z][a-z0-9-]{0,47}")
METRICS: Mapping[str, tuple[str, ...]] = {
    "classification": ("roc_auc", "log_loss", "accuracy", "f1"),
    "regression": ("rmse", "mae", "r2"),
    "recommendation": tuple(
        f"{name}@{most}" for name in ("ndcg", "recall", "hit_rate") for most in (10, 1, 5, 20, 40, 50, 100)
    ),
}
SMALLER_IS_BETTER = frozenset({"log_loss", "rmse", "mae"})
RECIPES = ("auto", "codes", "imputed", "onehot")
_WINDOW = re.compile(r"(\d+)([smhdw])")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
MOST_WINDOWS = 20
_ESTIMATORS = re.compile(r"sklearn(\.\w+)+"), "a scikit-learn estimator"
_RECOMMENDERS = re.compile(r"refrain\.recommenders\.\w+"), "a recommender, such as refrain.recommenders.Ease"


def metric_of(document: Mapping[str, object]) -> str:
    """Return the name of the metric, before the training section is checked."""
    training = document.get("training")
    metric = training.get("metric") if isinstance(training, dict) else None
    return metric if isinstance(metric, str) else METRICS[cast("str", document["task"])][0]


def read_training(table: Table, task: Task, event_time: str) -> Training:
    """Read what is learned from, and how it is split."""
    split = table.choice("split", ("time", "upload", "hash"), "time" if event_time else "hash")
    if split == "time" and not event_time:
        raise table.fail("split", "time needs the key `time` to name a column")
    candidates = tuple(_candidate(entry, task) for entry in table.tables("candidates"))
    if not candidates:
        raise table.fail("candidates", "expected at least one candidate")
    names = [candidate.name for candidate in candidates]
    if len(set(names)) < len(names):
        raise table.fail("candidates", "expected every candidate's name once")
    training = Training(
        window=_length(table, "window", ""),
        holdout=table.number("holdout", 0.2, 0.01, 0.9) or 0.2,
        split=cast("Literal['time', 'upload', 'hash']", split),
        metric=table.choice("metric", METRICS[task], METRICS[task][0]),
        min_rows=table.whole("min_rows", 100, 10),
        candidates=candidates,
    )
    table.close()
    return training


def _candidate(table: Table, task: Task) -> Candidate:
    name, estimator = table.text("name"), table.text("estimator")
    if not NAME.fullmatch(name):
        raise table.fail("name", f"expected a name matching {NAME.pattern}, got {name!r}")
    pattern, kind = _RECOMMENDERS if task == "recommendation" else _ESTIMATORS
    if not pattern.fullmatch(estimator):
        raise table.fail("estimator", f"expected the dotted name of {kind}, got {estimator!r}")
    features = "none" if task == "recommendation" else table.choice("features", RECIPES, "auto")
    for key, value in table.rest().items():
        if not _is_finite(value):
            raise table.fail(key, f"expected finite numbers, got {value!r}")
    return Candidate(name=name, estimator=estimator, features=features, parameters=table.rest())


def _is_finite(value: object) -> bool:
    if isinstance(value, list):
        return all(map(_is_finite, value))
    if isinstance(value, dict):
        return all(map(_is_finite, value.values()))
    return not isinstance(value, float) or math.isfinite(value)


def read_gate(table: Table, metric: str) -> Gate:
    """Read when a challenger may replace the champion."""
    wrong, right = ("min_metric", "max_metric") if metric in SMALLER_IS_BETTER else ("max_metric", "min_metric")
    if table.value(wrong) is not None:
        raise table.fail(wrong, f"expected {right}, since the metric is {metric}")
    gate = Gate(
        min_metric=table.number("min_metric"),
        max_metric=table.number("max_metric"),
        confidence=table.number("confidence", 0.95, 0.5, 0.9999) or 0.95,
        max_latency_ms=table.number("max_latency_ms", None, 0.001),
    )
    table.close()
    return gate


def read_rollout(table: Table, monitoring: Table, task: Task) -> Rollout:
    """Read how a new champion takes over; a challenger is judged by what is captured."""
    mode = table.choice("mode", ("immediate", "shadow", "canary"), "immediate")
    if mode != "immediate" and task == "recommendation":
        raise table.fail("mode", f"expected immediate: a recommender cannot be tried as {mode}")
    if mode != "immediate" and monitoring.number("capture", 1.0) == 0:
        raise table.fail("mode", f"expected immediate, since monitoring.capture is 0 and {mode} is judged by it")
    rollout = Rollout(
        mode=cast("Mode", mode),
        share=table.number("share", 0.1, 0.001, 0.5) or 0.1,
        least_rows=table.whole("least_rows", 200, 1),
        most_minutes=table.number("most_minutes", 1440.0, 0.05, 43200) or 1440.0,
    )
    table.close()
    return rollout


def read_retraining(table: Table) -> Retraining:
    """Read when to retrain without being asked."""
    retraining = Retraining(
        every=table.choice("every", ("hourly", "daily", "weekly", "monthly", "never"), "never"),
        new_rows=table.whole("new_rows", 0),
        on_drift=table.boolean("on_drift"),
        cooldown=_length(table, "cooldown", "6h") or 0.0,
        most_without_promotion=table.whole("most_without_promotion", 5, 1),
        max_age=_length(table, "max_age", ""),
    )
    table.close()
    return retraining


def read_monitoring(table: Table, features: Collection[str]) -> Monitoring:
    """Read what is kept of predictions, and how they are looked at."""
    ignore = table.texts("ignore")
    for name in ignore:
        if name not in features:
            raise table.fail("ignore", f"expected features of this model, got {name!r}")
    share, effect = table.number("capture", 1.0, 0.0, 1.0), table.number("least_effect", 0.1, 0.0)
    monitoring = Monitoring(
        capture=1.0 if share is None else share,
        window=_length(table, "window", "24h") or _SECONDS["d"],
        quality=_length(table, "quality", "7d") or _SECONDS["w"],
        alarm=_alarm(table),
        least_effect=0.1 if effect is None else effect,
        ignore=ignore,
    )
    table.close()
    return monitoring


def _alarm(table: Table) -> tuple[int, int]:
    value = table.value("alarm")
    match [2, 3] if value is None else value:
        case [int(least), int(of)] if 1 <= least <= of <= MOST_WINDOWS and type(least) is type(of) is int:
            return least, of
    raise table.fail("alarm", f"expected two whole numbers, k of m, 1 <= k <= m <= {MOST_WINDOWS}, got {value!r:.80}")


def _length(table: Table, key: str, default: str) -> float | None:
    """Read a length of time in seconds; an empty one is None."""
    text = table.text(key, default)
    match = _WINDOW.fullmatch(text)
    if text and (not match or not int(match[1])):
        raise table.fail(key, f"expected a length such as 12h, 365d or 8w, got {text!r}")
    return float(match[1]) * _SECONDS[match[2]] if match else None
