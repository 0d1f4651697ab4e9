"""Tells the owner of an upload that nothing of it is kept, and why: by a receipt, a metric and an event."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from refrain.aws.emf import count_metric
from refrain.aws.event_bus import send_event
from refrain.lake.receipt import NO_MODEL, Receipt, UploadContents, failed_digest, upload_digest

if TYPE_CHECKING:
    from preprocessing import DefinitionError
    from refrain.aws.storage import Store
    from refrain.errors import UnreadableUpload
    from refrain.ingest.upload_event import UploadedObject
    from refrain.lake.receipt import UploadSource

logger = logging.getLogger("refrain")


def refuse(
    lake: Store,
    model: str,
    source: UploadSource,
    refusal: UnreadableUpload,
    fingerprint: str = "",
    sha256: str | None = None,
    contents: UploadContents | None = None,
) -> str:
    """Refuse an upload for good, and return the digest of its receipt.

    Without a fingerprint, no definition was chosen for it.
    """
    receipt = Receipt(
        **vars(contents or UploadContents()),
        status="refused",
        model=model,
        digest=upload_digest(source.key, source.etag, fingerprint),
        source=source,
        definition=fingerprint,
        content_sha256=sha256,
        code=refusal.code,
        reason=str(refusal),
    )
    receipt.write_new(lake)
    # Any first folder as a dimension would make as many metrics as there are mistakes.
    _tell(lake, receipt, model if fingerprint else NO_MODEL)
    return receipt.digest


def refuse_for_now(lake: Store, upload: UploadedObject, error: DefinitionError) -> None:
    """Refuse an upload until its model has a definition that can be used, unless that was said before."""
    receipt = Receipt(
        status="refused",
        model=upload.model,
        digest=failed_digest(upload.source),
        source=upload.source,
        definition="",
        code="broken_definition",
        reason=f"the model's definition is broken: {error}. The upload is read again once somebody has applied another "
        "definition, and the operator has put the upload's message back into the queue",
    )
    if receipt.write_failed(lake):
        _tell(lake, receipt, upload.model)


def _tell(lake: Store, receipt: Receipt, name: str) -> None:
    key, code = receipt.source.key, receipt.code
    logger.warning("upload refused", extra={"model": receipt.model, "key": key, "code": code})
    count_metric("UploadRefused", name)
    address = f"s3://{lake.bucket}/{Receipt.key(receipt.model, receipt.digest)}"
    send_event("UploadRefused", name, receipt.digest, f"{key}: {receipt.reason}", code=code, key=key, receipt=address)
