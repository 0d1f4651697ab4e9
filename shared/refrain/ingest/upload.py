"""Brings one upload from the inbox into the lake.

A problem with the upload itself ends in a receipt, never in an error, since trying again would not help. Any other
error is tried again, and ends in the receipt of a failed upload (`failed_upload.py`). Names come from content, and the
receipt is written last and only once. So an event that comes twice, two events at once, or a crash at any point leave
the same objects as one event that went well.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import time
from dataclasses import replace
from errno import ENOSPC
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import TYPE_CHECKING

from preprocessing import DefinitionError
from refrain.aws.emf import measure
from refrain.aws.storage import open_store
from refrain.errors import NotFound, UnknownModel, UnreadableUpload
from refrain.ingest.deadline import NO_DEADLINE, Deadline
from refrain.ingest.formats import format_of, unpacked_sha256
from refrain.ingest.keeping import UploadedFile
from refrain.ingest.refusal import refuse, refuse_for_now
from refrain.ingest.upload_kinds import choose_kind
from refrain.lake.forgotten_keys import ForgottenKeys
from refrain.lake.model_definition import find_definition
from refrain.lake.receipt import Receipt, UploadSource, upload_digest
from refrain.times import to_iso

if TYPE_CHECKING:
    from preprocessing import Definition
    from refrain.aws.storage import Store
    from refrain.ingest.upload_event import UploadedObject
    from refrain.ingest.upload_kinds import KeepFile

# S3 allows such keys, but object_store would take them for paths of other objects.
_UNUSABLE_KEY = re.compile(r"(^|/)(\.\.?)?(/|$)|[\x00-\x1f\x7f]")

_FOLDER = "ingest-"

logger = logging.getLogger("refrain")


class _Vanished(Exception):
    """The upload was deleted before it was read."""


def ingest(upload: UploadedObject, lake: Store, deadline: Deadline = NO_DEADLINE) -> None:
    """Bring one upload into the lake, or leave a receipt that says why not.

    Raises `StorageUnavailable` where trying again may help, and `DefinitionError` where somebody must apply another
    definition of the model first; the receipt that says so is superseded when the upload is read after all.
    """
    if upload.is_folder:
        return
    digest = _answer(upload, lake, deadline)
    if digest is not None:
        Receipt.supersede_failed(lake, upload.model, upload.source, digest)


def sweep_leftovers() -> None:
    """Delete the folders of processes that were killed: in Lambda, they stay on the disk of the next process."""
    for folder in Path(gettempdir()).glob(f"{_FOLDER}*"):
        pid = folder.name.split("-")[1]
        if pid.isdigit() and (int(pid) == os.getpid() or not _is_alive(int(pid))):
            shutil.rmtree(folder, ignore_errors=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _answer(upload: UploadedObject, lake: Store, deadline: Deadline) -> str | None:
    """Write the receipt of an upload; return the digest of the one that counts, None if the upload has vanished."""
    try:
        definition, keep = _choose_kind(upload, lake)
        form = format_of(upload.key)
    except UnreadableUpload as refusal:
        return refuse(lake, upload.model, upload.source, refusal)
    except DefinitionError as error:
        refuse_for_now(lake, upload, error)
        raise
    with TemporaryDirectory(prefix=f"{_FOLDER}{os.getpid()}-") as folder:
        path = Path(folder) / "upload"
        source, sha256 = upload.source, None
        try:
            source = _download(upload, path)
            sha256 = unpacked_sha256(path, form, deadline)
            return _ingest_file(UploadedFile(path, form, source, sha256, deadline), definition, keep, lake)
        except _Vanished:
            logger.warning("upload vanished before it was read", extra={"key": upload.key})
            return None
        except UnreadableUpload as refusal:
            return refuse(lake, definition.model, source, refusal, definition.fingerprint, sha256)
        except OSError as error:
            if error.errno != ENOSPC:
                raise
            full = _too_large(folder)
            return refuse(lake, definition.model, source, full, definition.fingerprint, sha256)


def _download(upload: UploadedObject, path: Path) -> UploadSource:
    """Download an upload; return its source as S3 describes it now. Raises `_Vanished`."""
    try:
        with path.open("wb") as file:
            downloaded = open_store(upload.bucket).download(upload.key, file, upload.version)
    except NotFound:
        raise _Vanished from None
    uploaded_at = to_iso(downloaded.last_modified)
    return UploadSource(upload.bucket, upload.key, downloaded.etag.strip('"'), downloaded.size, uploaded_at)


def _too_large(folder: str) -> UnreadableUpload:
    disk = shutil.disk_usage(folder).total / 1e9
    sentence = f"the upload needs more room than the disk of {disk:.0f} GB has. Upload it in several files"
    return UnreadableUpload("too_large", sentence)


def _choose_kind(upload: UploadedObject, lake: Store) -> tuple[Definition, KeepFile]:
    """Check the upload's key, then choose by its model's definition. Raises `UnreadableUpload`."""
    if not upload.model:
        raise UnreadableUpload("no_folder", "expected a key of the form <model>/<file>: the first folder is the model")
    if _UNUSABLE_KEY.search(upload.key):
        raise UnreadableUpload("bad_key", "expected a key without empty or dotted folders and control characters")
    try:
        return choose_kind(find_definition(lake, upload.model), upload.key)
    except UnknownModel as error:
        raise UnreadableUpload("unknown_model", str(error)) from None


def _ingest_file(file: UploadedFile, definition: Definition, keep: KeepFile, lake: Store) -> str:
    """Write the receipt of a file that was downloaded; return its digest. Raises `UnreadableUpload`."""
    digest = file.digest(definition)
    if _was_kept(lake, definition, digest, file.source):
        return digest
    started = time.monotonic()
    file = replace(file, forgotten=ForgottenKeys.read_if_any(lake, definition.model))
    contents = keep(file, lake)
    file.check_forgotten(definition.model, lake)
    if not contents.rows_kept:
        sentence = f"no row of {contents.rows_read} could be kept. The rejections say why"
        refusal = UnreadableUpload("no_rows_kept", sentence)
        return refuse(lake, definition.model, file.source, refusal, definition.fingerprint, file.sha256, contents)
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
        return digest
    counts = {"rows_read": receipt.rows_read, "rows_kept": receipt.rows_kept, "rows_rejected": receipt.rows_rejected}
    fields = {"model": receipt.model, "key": file.source.key, "digest": digest, "seconds": seconds}
    logger.info("upload ingested", extra=fields | counts)
    measure({"RowsKept": receipt.rows_kept, "RowsRejected": receipt.rows_rejected}, {"model": receipt.model})
    return digest


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
            digest=upload_digest(source.key, source.etag, definition.fingerprint),
            source=source,
            definition=definition.fingerprint,
            of=digest,
        ).write_new(lake)
    fields = {"model": definition.model, "key": source.key, "of": digest, "again": same}
    logger.info("upload already kept", extra=fields)
    return True
