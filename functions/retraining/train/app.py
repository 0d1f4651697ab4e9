"""The states "Try parameters", "Train a candidate" and "Fit on all rows".

The first is entered once for each part of a search, the second once for each candidate. The last two answer with the
name of the version.
"""

from __future__ import annotations

from typing import Any

from refrain.aws.storage import open_store
from refrain.settings import LakeSettings, read_settings
from refrain.training.searching import SearchRequest, search_part
from refrain.training.train import TrainingRequest, train


def handler(event: dict[str, Any], _context: object) -> dict[str, object]:
    """Train and export one candidate of a run, or its refit; or try the parameters of one `part` of its search."""
    store = open_store(read_settings(LakeSettings).lake_bucket)
    if "part" in event:
        return search_part(store, SearchRequest.of(event))
    return train(store, TrainingRequest.of(event))
