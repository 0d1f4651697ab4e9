"""Ingest: S3 says through SQS what was uploaded; each upload is brought into the lake.

A message fails, and is tried again, only for what may pass by itself; what is wrong with an upload is in its receipt.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

from refrain.aws.storage import open_store
from refrain.ingest.upload import ingest
from refrain.ingest.upload_event import uploads
from refrain.settings import settings

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

logger = logging.getLogger("refrain")


class Processor(BatchProcessor):
    """Powertools' own, which tells SQS of the failed messages, and telling the log too."""

    def failure_handler(self, record: Any, exception: Any) -> Any:
        """Log a failed message; after a few tries it waits in the dead-letter queue."""
        tries = record.get("attributes", {}).get("ApproximateReceiveCount")
        fields = {"message_id": record.get("messageId"), "tries": tries}
        logger.error("upload event failed", exc_info=exception, extra=fields)
        return super().failure_handler(record, exception)


processor = Processor(EventType.SQS, raise_on_entire_batch_failure=False)


def handler(event: dict[str, Any], context: Any) -> PartialItemFailureResponse:
    """Take a batch of messages; answer which of them failed."""
    return process_partial_response(event, take, processor, context)


def take(record: SQSRecord) -> None:
    """Take one message, which holds any number of uploads."""
    for upload in uploads(record.body):
        ingest(upload, open_store(settings().lake_bucket), settings().models_dir)
