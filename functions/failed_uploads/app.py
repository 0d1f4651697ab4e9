"""Gives a receipt to each upload that ingest could not answer, because it ran out of time or memory or found no S3.

Its messages are always reported as failed, so that SQS moves them on to the dead-letter queue, from which the operator
puts them back into the queue of uploads.
"""

from __future__ import annotations

from typing import Any

from refrain.aws.storage import open_store
from refrain.ingest.failed_upload import write_failed
from refrain.ingest.upload_event import read_uploads
from refrain.settings import LakeSettings, read_settings


def handler(event: dict[str, Any], _context: object) -> dict[str, list[dict[str, str]]]:
    """Write the receipts of the uploads that the messages announce."""
    lake = open_store(read_settings(LakeSettings).lake_bucket)
    for record in event["Records"]:
        for upload in read_uploads(record["body"]):
            write_failed(lake, upload, record["messageId"])
    return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in event["Records"]]}
