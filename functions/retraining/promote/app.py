"""Steps that move the deployment: the trial's begin, the end of a run with its report, and the way back.

"Put the challenger beside the champion", "Promote", "Promote the challenger", "Dismiss the challenger", "Keep the
champion", "The champion changed meanwhile" and "Roll back".
"""

from __future__ import annotations

from typing import Any

from refrain.aws.storage import open_store
from refrain.deployment import rollback
from refrain.deployment.moves import MoveRequest, finish_run, start_trial
from refrain.settings import settings


def handler(event: dict[str, Any], _context: object) -> dict[str, object]:
    """Carry out what was decided."""
    store = open_store(settings().lake_bucket)
    if event.get("outcome") == "rollback":
        return rollback.roll_back(store, settings().models_dir, rollback.RollbackRequest.of(event))
    request = MoveRequest.of(event)
    return start_trial(store, request) if request.wish == "challenge" else finish_run(store, request)
