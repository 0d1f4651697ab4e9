"""The order of it all: one upload from the inbox to the lake.

Whatever is wrong with the upload itself ends in a receipt, never in an error, for trying again would not help. Names
come from content, and the receipt is written last and only once; so an event that comes twice, two that come at once,
or a crash at any point leave the same as one that went well.
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
from refrain.ingest.upload_kinds import purpose
from refrain.lake import receipt

if TYPE_CHECKING:
    from preprocessing import Definition
    from refrain.aws.storage import Downloaded, Store
    from refrain.ingest.upload_event import UploadedObject
    from refrain.ingest.upload_kinds import Keep

# S3 allows such keys; object_store, which reads them for us, would take them for paths of another object.
_UNUSABLE = re.compile(r"(^|/)(\.\.?)?(/|$)|[\x00-\x1f\x7f]")

logger = logging.getLogger("refrain")

definition_of = cache(find_definition)
"""The definition of a model, read once a process."""


def ingest(upload: UploadedObject, lake: Store, models_dir: Path) -> None:
    """Bring one upload into the lake, or leave a receipt that says why not.

    Raises `StorageUnavailable` where trying again may help, and `DefinitionError` where somebody must mend the
    model's definition first: the upload waits in the queue meanwhile, and then in the dead-letter queue.
    """
    if upload.is_folder:
        return
    try:
        (definition, keep), form = _purpose(upload, models_dir), format_of(upload.key)
    except UnreadableUpload as refusal:
        _refuse(lake, upload, None, "", refusal)
        return
    with TemporaryDirectory(prefix="ingest-") as folder:
        path = Path(folder) / "upload"
        try:
            downloaded = open_store(upload.bucket).download(upload.key, path, upload.version)
        except NotFound:
            logger.warning("upload vanished before it was read", extra={"key": upload.key})
            return
        _ingest_file(upload, downloaded, path, form, definition, keep, lake)


def _purpose(upload: UploadedObject, models_dir: Path) -> tuple[Definition, Keep]:
    """Find by which definition an upload is read, and how it is kept. Raises `UnreadableUpload`."""
    if not upload.model:
        raise UnreadableUpload("no_folder", "expected a key of the form <model>/<file>: the first folder is the model")
    if _UNUSABLE.search(upload.key):
        raise UnreadableUpload("bad_key", "expected a key without empty or dotted folders and control characters")
    try:
        return purpose(definition_of(models_dir, upload.model), upload.key)
    except UnknownModel as error:
        raise UnreadableUpload("unknown_model", str(error)) from None


def _ingest_file(
    upload: UploadedObject,
    downloaded: Downloaded,
    path: Path,
    form: str,
    definition: Definition,
    keep: Keep,
    lake: Store,
) -> None:
    source = receipt.source_of(upload, downloaded)
    digest = receipt.content_digest(definition.fingerprint, downloaded.sha256)
    if _is_known(lake, definition, digest, source):
        return
    started = time.monotonic()
    try:
        facts = keep(path, form, definition, digest, lake, source.uploaded_at)
    except UnreadableUpload as refusal:
        _refuse(lake, upload, downloaded, definition.fingerprint, refusal)
        return
    facts |= {"content_sha256": downloaded.sha256, "definition": definition.fingerprint}
    facts |= {"seconds": round(time.monotonic() - started, 3)}
    if receipt.write(lake, "kept", definition.model, digest, source, **facts):
        logger.info(
            "upload ingested",
            extra={"model": definition.model, "key": upload.key, "digest": digest}
            | {name: facts[name] for name in ("rows_read", "rows_kept", "rows_rejected", "seconds")},
        )
        measure(definition.model, {"RowsKept": facts["rows_kept"], "RowsRejected": facts["rows_rejected"]})
    else:
        _is_known(lake, definition, digest, source)


def _is_known(lake: Store, definition: Definition, digest: str, source: receipt.UploadSource) -> bool:
    """Tell whether this content was kept before; where it came from elsewhere, say so in a receipt."""
    kept = receipt.find(lake, definition.model, digest)
    if kept is None:
        return False
    same = (kept["source"]["bucket"], kept["source"]["key"]) == (source.bucket, source.key)
    if not same:
        name = receipt.source_digest(source, definition.fingerprint)
        receipt.write(lake, "duplicate", definition.model, name, source, definition=definition.fingerprint, of=digest)
    logger.info("upload known", extra={"model": definition.model, "key": source.key, "of": digest, "again": same})
    return True


def _refuse(
    lake: Store, upload: UploadedObject, downloaded: Downloaded | None, fingerprint: str, refusal: UnreadableUpload
) -> None:
    source = receipt.source_of(upload, downloaded)
    receipt.refuse(lake, upload.model, source, refusal, fingerprint, downloaded.sha256 if downloaded else None)
    logger.warning("upload refused", extra={"model": upload.model, "key": upload.key, "code": refusal.code})
    # Anybody's first folder is no dimension: there would be as many as there are mistakes.
    count_metric("UploadRefused", upload.model if fingerprint else receipt.NO_MODEL)
