"""The states "Train a candidate", entered once for each candidate, and "Fit on all rows".

Both answer with the name of the version.
"""

from __future__ import annotations

from typing import Any

from refrain.aws.storage import open_store
from refrain.settings import LakeSettings, read_settings
from refrain.training.train import TrainingRequest, train


def handler(event: dict[str, Any], _context: object) -> dict[str, object]:
    """Train and export one candidate of a run, or its refit."""
    return train(open_store(read_settings(LakeSettings).lake_bucket), TrainingRequest.of(event))
