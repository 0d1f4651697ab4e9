"""The environment of each function: the variables that it needs, all required, checked when it first uses them."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, cast

from refrain.errors import InvalidRequest
from refrain.process_memory import MEGABYTE

if TYPE_CHECKING:
    from collections.abc import Callable


def _megabytes(text: str) -> int:
    return int(text) * MEGABYTE


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds < float("inf"):
        raise ValueError
    return seconds


def _text(text: str) -> str:
    if not text:
        raise ValueError
    return text


def _origins(text: str) -> frozenset[str]:
    return frozenset(filter(None, text.split(",")))


VARIABLES: dict[str, tuple[str, str, Callable[[str], Any]]] = {
    "lake_bucket": ("REFRAIN_LAKE_BUCKET", "the name of the lake's bucket", _text),
    "metric_namespace": ("REFRAIN_METRIC_NAMESPACE", "the namespace of the stack's metrics", _text),
    "history_table": ("REFRAIN_HISTORY_TABLE", "the name of the table of histories", _text),
    "inference_bytes": ("REFRAIN_INFERENCE_MEMORY", "a number of MB", _megabytes),
    "ingest_queue_url": ("REFRAIN_INGEST_QUEUE_URL", "the URL of the queue of uploads", _text),
    "allowed_origins": ("REFRAIN_ALLOWED_ORIGINS", "origins, separated by commas", _origins),
    "refresh_seconds": ("REFRAIN_REFRESH_SECONDS", "a number of seconds", _seconds),
    "delivery_seconds": ("REFRAIN_DELIVERY_SECONDS", "a number of seconds", _seconds),
    "training_bytes": ("REFRAIN_TRAINING_MEMORY", "a number of MB", _megabytes),
    "state_machine_arn": ("REFRAIN_STATE_MACHINE_ARN", "the ARN of the retraining state machine", _text),
    "notification_topic_arn": ("REFRAIN_NOTIFICATION_TOPIC_ARN", "the ARN of the topic for notifications", _text),
    "event_source": ("REFRAIN_EVENT_SOURCE", "the source of events", _text),
    "new_version_arn": ("REFRAIN_NEW_VERSION_ARN", "the ARN of the new version of inference", _text),
}
"""The variable of each setting, what is expected of it, and how it is read."""


@dataclass(frozen=True)
class MetricSettings:
    """What every function needs that counts something."""

    metric_namespace: str


@dataclass(frozen=True)
class LakeSettings(MetricSettings):
    """What train, judge and failed_uploads need, and every function that works on the lake besides."""

    lake_bucket: str


@dataclass(frozen=True)
class EvaluationSettings(LakeSettings):
    """What evaluate needs; a version has to fit into the memory of inference."""

    inference_bytes: int


@dataclass(frozen=True)
class MoveSettings(LakeSettings):
    """What move needs: whom to ask before a version goes into service."""

    notification_topic_arn: str


@dataclass(frozen=True)
class SnapshotSettings(LakeSettings):
    """What snapshot needs; what training cannot hold in its memory is left out."""

    training_bytes: int


@dataclass(frozen=True)
class IngestSettings(LakeSettings):
    """What ingest needs."""

    history_table: str
    ingest_queue_url: str


@dataclass(frozen=True)
class InferenceSettings(LakeSettings):
    """What inference needs; a new deployment is looked for every `refresh_seconds`.

    Pages of the `allowed_origins` may call it from a browser.
    """

    history_table: str
    refresh_seconds: float
    allowed_origins: frozenset[str]


@dataclass(frozen=True)
class MonitoringSettings(LakeSettings):
    """What monitoring needs; captured lines are delivered within `delivery_seconds`."""

    state_machine_arn: str
    notification_topic_arn: str
    delivery_seconds: float


@dataclass(frozen=True)
class EventSettings:
    """What every function needs that sends events, besides its own."""

    event_source: str


@dataclass(frozen=True)
class ReleaseSettings:
    """What the check before traffic needs."""

    new_version_arn: str


def read_settings[S](function: type[S]) -> S:
    """Read what a function needs. Raises `InvalidRequest` naming the variable and what was expected.

    >>> os.environ["REFRAIN_NEW_VERSION_ARN"] = ""
    >>> read_settings(ReleaseSettings)
    Traceback (most recent call last):
    refrain.errors.InvalidRequest: REFRAIN_NEW_VERSION_ARN: expected the ARN of the new version of inference, got ''
    """
    return function(**{field.name: _read(*VARIABLES[field.name]) for field in fields(cast("Any", function))})


def _read(variable: str, expected: str, read: Callable[[str], Any]) -> Any:
    text = os.environ.get(variable)
    try:
        if text is None:
            raise ValueError
        return read(text)
    except ValueError:
        got = "nothing" if text is None else repr(text)
        raise InvalidRequest(f"{variable}: expected {expected}, got {got}") from None
