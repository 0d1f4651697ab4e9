"""Brings one upload from the inbox into the lake.

A problem with the upload itself ends in a receipt, never in an error, since trying again would not help. Names come
from content, and the receipt is written last and only once. So an event that comes twice, two events at once, or a
crash at any point leave the same objects as one event that went well.
"""

from __future__ import annotations

import logging
import re
import time
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from refrain.aws.emf import count_metric, measure
from refrain.aws.storage import open_store
from refrain.definitions import find_definition
from refrain.errors import NotFound, UnknownModel, UnreadableUpload
from refrain.ingest.formats import format_of
from refrain.ingest.keeping import UploadedFile
from refrain.ingest.upload_kinds import choose_kind
from refrain.lake.receipt import NO_MODEL, Receipt, UploadSource, source_digest
from refrain.times import to_iso

if TYPE_CHECKING:
    from preprocessing import Definition
    from refrain.aws.storage import Store
    from refrain.ingest.upload_event import UploadedObject
    from refrain.ingest.upload_kinds import KeepFile

# S3 allows such keys, but object_store would take them for paths of other objects.
_UNUSABLE_KEY = re.compile(r"(^|/)(\.\.?)?(/|$)|[\x00-\x1f\x7f]")

logger = logging.getLogger("refrain")

definition_of = cache(find_definition)
"""The definition of a model, read once a process."""


def ingest(upload: UploadedObject, lake: Store, models_dir: Path) -> None:
    """Bring one upload into the lake, or leave a receipt that says why not.

    Raises `StorageUnavailable` where trying again may help, and `DefinitionError` where somebody must correct the
    model's definition first: the upload waits in the queue meanwhile, and then in the dead-letter queue.
    """
    if upload.is_folder:
        return
    try:
        definition, keep = _choose_kind(upload, models_dir)
        form = format_of(upload.key)
    except UnreadableUpload as refusal:
        announced = UploadSource(upload.bucket, upload.key, upload.etag, upload.size, upload.time)
        _refuse(lake, upload.model, announced, refusal)
        return
    with TemporaryDirectory(prefix="ingest-") as folder:
        path = Path(folder) / "upload"
        try:
            downloaded = open_store(upload.bucket).download(upload.key, path, upload.version)
        except NotFound:
            logger.warning("upload vanished before it was read", extra={"key": upload.key})
            return
        uploaded_at = to_iso(downloaded.last_modified)
        source = UploadSource(upload.bucket, upload.key, downloaded.etag.strip('"'), downloaded.size, uploaded_at)
        _ingest_file(UploadedFile(path, form, source, downloaded.sha256), definition, keep, lake)


def _choose_kind(upload: UploadedObject, models_dir: Path) -> tuple[Definition, KeepFile]:
    """Check the upload's key, then choose by its model's definition. Raises `UnreadableUpload`."""
    if not upload.model:
        raise UnreadableUpload("no_folder", "expected a key of the form <model>/<file>: the first folder is the model")
    if _UNUSABLE_KEY.search(upload.key):
        raise UnreadableUpload("bad_key", "expected a key without empty or dotted folders and control characters")
    try:
        return choose_kind(definition_of(models_dir, upload.model), upload.key)
    except UnknownModel as error:
        raise UnreadableUpload("unknown_model", str(error)) from None


def _ingest_file(file: UploadedFile, definition: Definition, keep: KeepFile, lake: Store) -> None:
    digest = file.digest(definition)
    if _was_kept(lake, definition, digest, file.source):
        return
    started = time.monotonic()
    try:
        contents = keep(file, lake)
    except UnreadableUpload as refusal:
        _refuse(lake, definition.model, file.source, refusal, definition.fingerprint, file.sha256)
        return
    seconds = round(time.monotonic() - started, 3)
    receipt = Receipt(
        **vars(contents),
        status="kept",
        model=definition.model,
        digest=digest,
        source=file.source,
        definition=definition.fingerprint,
        content_sha256=file.sha256,
        seconds=seconds,
    )
    if not receipt.write_new(lake):
        _was_kept(lake, definition, digest, file.source)
        return
    counts = {"rows_read": receipt.rows_read, "rows_kept": receipt.rows_kept, "rows_rejected": receipt.rows_rejected}
    fields = {"model": receipt.model, "key": file.source.key, "digest": digest, "seconds": seconds}
    logger.info("upload ingested", extra=fields | counts)
    measure(receipt.model, {"RowsKept": receipt.rows_kept, "RowsRejected": receipt.rows_rejected})


def _was_kept(lake: Store, definition: Definition, digest: str, source: UploadSource) -> bool:
    """Tell whether this content was kept before; if it came from another source, write a receipt that says so."""
    kept = Receipt.read(lake, definition.model, digest)
    if kept is None:
        return False
    same = (kept.source.bucket, kept.source.key) == (source.bucket, source.key)
    if not same:
        Receipt(
            status="duplicate",
            model=definition.model,
            digest=source_digest(source, definition.fingerprint),
            source=source,
            definition=definition.fingerprint,
            of=digest,
        ).write_new(lake)
    fields = {"model": definition.model, "key": source.key, "of": digest, "again": same}
    logger.info("upload already kept", extra=fields)
    return True


def _refuse(
    lake: Store,
    model: str,
    source: UploadSource,
    refusal: UnreadableUpload,
    fingerprint: str = "",
    sha256: str | None = None,
) -> None:
    """Write the receipt of an upload that is not kept; without a fingerprint, no definition was chosen for it."""
    Receipt(
        status="refused",
        model=model,
        digest=source_digest(source, fingerprint),
        source=source,
        definition=fingerprint,
        content_sha256=sha256,
        code=refusal.code,
        reason=str(refusal),
    ).write_new(lake)
    logger.warning("upload refused", extra={"model": model, "key": source.key, "code": refusal.code})
    # Any first folder as a dimension would make as many metrics as there are mistakes.
    count_metric("UploadRefused", model if fingerprint else NO_MODEL)
