"""Gives a receipt to an upload that ingest failed to read, so that its owner hears of it and the operator can find why.

`ingest` writes it itself on the last try. What ran out of time or memory cannot; its message goes to the queue of
unanswered uploads, and another function writes the receipt.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from refrain.lake.receipt import Receipt, failed_digest

if TYPE_CHECKING:
    from refrain.aws.storage import Store
    from refrain.ingest.upload_event import UploadedObject

MAX_TRIES = 2
"""How often ingest receives a message; the template's redrive policy says the same."""

RETRY_SECONDS = 60
"""After how many seconds an upload is tried again whose error may pass."""

_AGAIN = "It is read again once the operator has put its message back into the queue"

logger = logging.getLogger("refrain")


def write_failed(lake: Store, upload: UploadedObject, message_id: str, error: Exception | None = None) -> None:
    """Write the receipt of an upload that failed with an error, or without an answer.

    The receipt has the class of the error, and never its text, which is for the operator.
    """
    if error is None:
        code = "no_answer"
        reason = "reading the upload did not end: it took too long, or needed more memory than there is"
    else:
        code = type(error).__name__
        reason = f"an error that is not about its content ({code}) ended the reading of the upload"
    receipt = Receipt(
        status="failed",
        model=upload.model,
        digest=failed_digest(upload.source),
        source=upload.source,
        definition="",
        code=code,
        reason=f"{reason}. {_AGAIN}; the log of ingest has the cause under message_id",
        message_id=message_id,
    )
    if receipt.write_failed(lake):
        logger.error("upload failed", extra={"model": upload.model, "key": upload.key, "message_id": message_id})
