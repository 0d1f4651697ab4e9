"""Brings each upload that S3 announces through SQS into the lake.

A message fails, and is retried, only for errors that may pass by themselves. An upload's own errors are in its receipt.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

from refrain.aws.storage import open_store
from refrain.ingest.upload import ingest
from refrain.ingest.upload_event import read_uploads
from refrain.settings import IngestSettings, read_settings

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

logger = logging.getLogger("refrain")


class Processor(BatchProcessor):
    """The processor of Powertools, which reports failed messages to SQS; this one logs them as well."""

    def failure_handler(self, record: Any, exception: Any) -> Any:
        """Log a failed message. After five tries SQS moves it to the dead-letter queue."""
        tries = record.get("attributes", {}).get("ApproximateReceiveCount")
        fields = {"message_id": record.get("messageId"), "tries": tries}
        logger.error("upload event failed", exc_info=exception, extra=fields)
        return super().failure_handler(record, exception)


processor = Processor(EventType.SQS, raise_on_entire_batch_failure=False)


def handler(event: dict[str, Any], context: Any) -> PartialItemFailureResponse:
    """Ingest a batch of messages, and answer with those that failed."""
    return process_partial_response(event, ingest_message, processor, context)


def ingest_message(record: SQSRecord) -> None:
    """Ingest the uploads that a message announces."""
    settings = read_settings(IngestSettings)
    for upload in read_uploads(record.body):
        ingest(upload, open_store(settings.lake_bucket), settings.models_dir)
