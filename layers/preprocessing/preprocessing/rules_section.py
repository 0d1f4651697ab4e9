"""Reads the sections of a definition about the use of a model: gate, rollout, serving, retraining, monitoring."""

from __future__ import annotations

from typing import TYPE_CHECKING

from preprocessing.model_rules import Gate, Recommending, Rollout, Serving
from preprocessing.tables import BOOLEAN, TEXTS, Key, choice, length, number, of_type, whole
from preprocessing.training_section import SMALLER_IS_BETTER

if TYPE_CHECKING:
    from preprocessing.definition import Task
    from preprocessing.tables import Table

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
    "search_at_edge",
)
"""The method checks of a run, in the order of their codes."""
MAX_ALARM_WINDOWS = 20
MAX_FAILED_RUNS = 20
MAX_SEGMENT_COLUMNS = 8


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
