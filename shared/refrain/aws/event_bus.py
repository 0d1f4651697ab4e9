"""Events for other systems: what became of a model, on the account's default EventBridge bus.

The caller sends an event after it has stored the fact, and again when it is retried, with the same id. An event that
EventBridge does not take never fails its caller: the log keeps it, and `EventNotSent` is counted.
"""

from __future__ import annotations

import json
import logging
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from refrain.aws.emf import count_metric
from refrain.aws.table import aws_errors
from refrain.errors import ServiceUnavailable
from refrain.settings import EventSettings, read_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

EventName = Literal[
    "Promoted",
    "Refreshed",
    "RefitFailed",
    "Kept",
    "Superseded",
    "TrialStarted",
    "Dismissed",
    "RolledBack",
    "ApprovalWanted",
    "PromotedByHand",
    "CandidatesFailed",
    "MethodChecksWarned",
    "UploadRefused",
    "Drifted",
    "QualityBelowGate",
    "CoverageLost",
    "RetrainingStopped",
    "DefinitionBroken",
]
"""The `detail-type` of an event; what is also counted has the same name as its metric."""

MAX_TRIES = 3
"""Calls for one event: EventBridge may answer a call and refuse its event."""

logger = logging.getLogger("refrain")


def send_event(name: EventName, model: str, subject: str, summary: str, **facts: object) -> None:
    """Send an event about a model; `subject` is the run, upload or report that makes it the same when sent again."""
    detail = {"id": f"{model}/{subject}/{name}", "model": model, "summary": summary, **facts}
    try:
        _put({"Source": read_settings(EventSettings).event_source, "DetailType": name, "Detail": json.dumps(detail)})
    except ServiceUnavailable as error:
        logger.error("event not sent", extra={"event": name, "detail": detail, "reason": str(error)})
        count_metric("EventNotSent", model)


def _put(entry: Mapping[str, str]) -> None:
    for _ in range(MAX_TRIES):
        with aws_errors("events:PutEvents"):
            answer = _client().put_events(Entries=[entry])
        if not answer["FailedEntryCount"]:
            return
    raise ServiceUnavailable("events:PutEvents", str(answer["Entries"][0].get("ErrorMessage")))


@cache
def _client() -> Any:
    import boto3  # here, since ingest seldom refuses an upload
    from botocore.config import Config

    retries: Any = {"total_max_attempts": 4, "mode": "standard"}
    return boto3.client("events", config=Config(retries=retries, connect_timeout=2, read_timeout=5))
