"""The state "Take a snapshot", which gets the input of the run and answers with keys and figures."""

from __future__ import annotations

from typing import Any

from refrain.aws.storage import open_store
from refrain.settings import SnapshotSettings, read_settings
from refrain.snapshot.take import take_snapshot


def handler(event: dict[str, Any], _context: object) -> dict[str, object]:
    """Freeze the rows of one retraining run."""
    settings = read_settings(SnapshotSettings)
    return take_snapshot(open_store(settings.lake_bucket), event, settings.training_bytes)
