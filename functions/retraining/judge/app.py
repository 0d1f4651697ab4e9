"""The state "Judge the challenger", which is entered repeatedly and answers with a verdict and figures."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from refrain.aws.storage import open_store
from refrain.settings import LakeSettings, read_settings
from refrain.trial.judging import judge_challenger


def handler(event: dict[str, Any], _context: object) -> dict[str, object]:
    """Judge the challenger by its trial so far."""
    store = open_store(read_settings(LakeSettings).lake_bucket)
    return judge_challenger(store, event, datetime.now(UTC))
