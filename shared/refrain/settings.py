"""The environment of a function, checked once, on first use."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from refrain.errors import InvalidRequest


@dataclass(frozen=True)
class Settings:
    """What the template tells a function; what it does not tell is empty."""

    lake_bucket: str
    models_dir: Path
    refresh_seconds: float
    state_machine_arn: str
    people_topic_arn: str
    listening_table: str


@cache
def settings() -> Settings:
    """Read the environment. Raises `InvalidRequest` naming the variable."""
    lake_bucket = os.environ.get("REFRAIN_LAKE_BUCKET", "")
    if not lake_bucket:
        raise InvalidRequest("REFRAIN_LAKE_BUCKET: expected the name of the lake's bucket, got nothing")
    refresh = os.environ.get("REFRAIN_REFRESH_SECONDS", "5")
    try:
        refresh_seconds = float(refresh)
    except ValueError:
        raise InvalidRequest(f"REFRAIN_REFRESH_SECONDS: expected a number of seconds, got {refresh!r}") from None
    return Settings(
        lake_bucket=lake_bucket,
        models_dir=Path(os.environ.get("REFRAIN_MODELS_DIR", "/opt/models")),
        refresh_seconds=refresh_seconds,
        state_machine_arn=os.environ.get("REFRAIN_STATE_MACHINE_ARN", ""),
        people_topic_arn=os.environ.get("REFRAIN_PEOPLE_TOPIC_ARN", ""),
        listening_table=os.environ.get("REFRAIN_LISTENING_TABLE", ""),
    )
