"""The environment of a function, checked once, on first use."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from refrain.errors import InvalidRequest

DELIVERY_SECONDS = 900.0
"""Firehose hands over after five minutes at most, and lines come to it and from it in a few more."""


@dataclass(frozen=True)
class Settings:
    """What the template tells a function; what it does not tell is empty.

    `delivery_seconds` is the time within which captured lines are delivered.
    """

    lake_bucket: str
    models_dir: Path
    refresh_seconds: float
    delivery_seconds: float
    state_machine_arn: str
    notification_topic_arn: str
    history_table: str
    new_version_arn: str


@cache
def settings() -> Settings:
    """Read the environment. Raises `InvalidRequest` naming the variable."""
    lake_bucket = os.environ.get("REFRAIN_LAKE_BUCKET", "")
    if not lake_bucket:
        raise InvalidRequest("REFRAIN_LAKE_BUCKET: expected the name of the lake's bucket, got nothing")
    return Settings(
        lake_bucket=lake_bucket,
        models_dir=Path(os.environ.get("REFRAIN_MODELS_DIR", "/opt/models")),
        refresh_seconds=_seconds("REFRAIN_REFRESH_SECONDS", 5.0),
        delivery_seconds=_seconds("REFRAIN_DELIVERY_SECONDS", DELIVERY_SECONDS),
        state_machine_arn=os.environ.get("REFRAIN_STATE_MACHINE_ARN", ""),
        notification_topic_arn=os.environ.get("REFRAIN_NOTIFICATION_TOPIC_ARN", ""),
        history_table=os.environ.get("REFRAIN_HISTORY_TABLE", ""),
        new_version_arn=os.environ.get("REFRAIN_NEW_VERSION_ARN", ""),
    )


def _seconds(name: str, default: float) -> float:
    said = os.environ.get(name, "")
    try:
        seconds = float(said or default)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise InvalidRequest(f"{name}: expected a number of seconds, got {said!r}")
    return seconds
