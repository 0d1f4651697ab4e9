"""Brings each upload that S3 announces through SQS into the lake.

A message fails, and is retried, only for errors that may pass by themselves. An upload's own errors are in its receipt.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

from refrain.aws.queue import show_again
from refrain.aws.storage import open_store
from refrain.ingest.deadline import NO_DEADLINE, Deadline
from refrain.ingest.failed_upload import MAX_TRIES, RETRY_SECONDS, write_failed
from refrain.ingest.upload import ingest, sweep_leftovers
from refrain.ingest.upload_event import read_uploads
from refrain.settings import IngestSettings, read_settings

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

logger = logging.getLogger("refrain")


class Processor(BatchProcessor):
    """The processor of Powertools, which reports failed messages to SQS; this one decides when they come again."""

    def failure_handler(self, record: Any, exception: Any) -> Any:
        """Log a failed message. It comes again soon, or moves to the unanswered uploads at once if it may not."""
        message_id, tries = record["messageId"], _tries(record)
        logger.error("upload event failed", exc_info=exception, extra={"message_id": message_id, "tries": tries})
        try:
            queue = read_settings(IngestSettings).ingest_queue_url
            show_again(queue, record.get("receiptHandle", ""), RETRY_SECONDS if tries < MAX_TRIES else 0)
        except Exception as error:  # it comes again all the same, when its visibility timeout ends
            logger.warning("upload event comes again late", exc_info=error, extra={"message_id": message_id})
        return super().failure_handler(record, exception)


processor = Processor(EventType.SQS, raise_on_entire_batch_failure=False)


def handler(event: dict[str, Any], context: Any) -> PartialItemFailureResponse:
    """Ingest a batch of messages, and answer with those that failed."""
    sweep_leftovers()
    return process_partial_response(event, ingest_message, processor, context)


def ingest_message(record: SQSRecord, lambda_context: Any = None) -> None:
    """Ingest the uploads that a message announces. An upload that fails on the last try gets its receipt here."""
    settings = read_settings(IngestSettings)
    lake = open_store(settings.lake_bucket)
    for upload in read_uploads(record.body):
        # The id leads from a receipt to the request that handled the message, whatever becomes of it.
        logger.info("upload received", extra={"message_id": record.message_id, "key": upload.key})
        remaining = lambda_context.get_remaining_time_in_millis() / 1000 if lambda_context else None
        deadline = NO_DEADLINE if remaining is None else Deadline.within(remaining)
        try:
            ingest(upload, lake, deadline)
        except Exception as error:
            if _tries(record.raw_event) >= MAX_TRIES:
                write_failed(lake, upload, record.message_id, error)
            raise


def _tries(record: Any) -> int:
    return int(record.get("attributes", {}).get("ApproximateReceiveCount", 1))
