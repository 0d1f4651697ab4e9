"""The move of the deployment that a state is named after: promote, start a trial, dismiss, keep, refresh, roll
back; and what people are asked before a move, and answer.

"Somebody else was faster" changes nothing, and still writes the run's report.
"""

from __future__ import annotations

from typing import Any

from refrain.aws.storage import open_store
from refrain.deployment import asking, rollback
from refrain.deployment.moves import MoveRequest, finish_run, start_trial
from refrain.settings import MoveSettings, read_settings


def handler(event: dict[str, Any], _context: object) -> dict[str, object]:
    """Make the move that the state names."""
    settings = read_settings(MoveSettings)
    store = open_store(settings.lake_bucket)
    match event.get("move"):
        case "roll_back":
            return rollback.roll_back(store, rollback.RollbackRequest.of(event))
        case "ask_approval":
            from refrain.aws.cloud import AwsCloud  # brings boto3, which the other moves do not need

            return asking.ask_approval(store, AwsCloud(topic=settings.notification_topic_arn).notify, event)
        case "act":
            return asking.act(store, asking.ActionRequest.of(event))
        case "start_trial":
            return start_trial(store, MoveRequest.of(event))
        case _:
            return finish_run(store, MoveRequest.of(event))
