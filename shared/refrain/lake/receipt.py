"""What became of an upload. A receipt is written last, once, and never changed."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from preprocessing import MODEL_NAME
from preprocessing import __version__ as preprocessing_version
from refrain.aws.storage import to_json
from refrain.errors import NotFound
from refrain.lake import keys

if TYPE_CHECKING:
    from refrain.aws.storage import Downloaded, Store
    from refrain.errors import UnreadableUpload
    from refrain.ingest.upload_event import UploadedObject

NO_MODEL = "_"
"""Folder for the receipts of uploads whose first folder cannot be the name of a model."""


@dataclass(frozen=True)
class UploadSource:
    """The object that was uploaded; `uploaded_at` is ISO 8601, UTC."""

    bucket: str
    key: str
    etag: str
    size: int
    uploaded_at: str


def source_of(upload: UploadedObject, downloaded: Downloaded | None) -> UploadSource:
    """Describe the object as it was read, or as its event told it where it was not."""
    if downloaded is None:
        return UploadSource(upload.bucket, upload.key, upload.etag, upload.size, upload.time)
    moment = downloaded.last_modified.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return UploadSource(upload.bucket, upload.key, downloaded.etag.strip('"'), downloaded.size, moment)


def content_digest(fingerprint: str, content_sha256: str) -> str:
    """Name a kept upload by its content and by the definition that shaped its rows."""
    return _digest(fingerprint, content_sha256)


def source_digest(source: UploadSource, fingerprint: str) -> str:
    """Name an upload that is not kept by where it came from; the same one counts anew under another definition."""
    return _digest(source.key, source.etag, fingerprint)


def folder(model: str) -> str:
    """Choose the model part of a receipt's key."""
    return model if MODEL_NAME.fullmatch(model) else NO_MODEL


def find(lake: Store, model: str, digest: str) -> dict[str, Any] | None:
    """Read a receipt, or return None when there is none."""
    try:
        receipt: dict[str, Any] = lake.read_json(keys.receipt(model, digest))
    except NotFound:
        return None
    return receipt


def write(lake: Store, status: str, model: str, digest: str, source: UploadSource, **facts: object) -> bool:
    """Write a receipt; False when there is one of this name already, which then stands."""
    document = {
        "status": status,
        "model": model,
        "digest": digest,
        "source": asdict(source),
        "preprocessing": preprocessing_version,
        **facts,
        "finished_at": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
    }
    return lake.write_new(keys.receipt(folder(model), digest), to_json(document))


def refuse(
    lake: Store,
    model: str,
    source: UploadSource,
    refusal: UnreadableUpload,
    fingerprint: str,
    content_sha256: str | None,
) -> None:
    """Say that an upload is not kept, and why; its content is None when it was not even read."""
    facts = {"definition": fingerprint, "content_sha256": content_sha256, "code": refusal.code, "reason": str(refusal)}
    write(lake, "refused", model, source_digest(source, fingerprint), source, **facts)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
