"""A receipt says what became of one upload. It is written last, once, and never changed.

Only the receipt of an upload that could not be read yet is replaced, when the upload gets its proper receipt.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from preprocessing import MODEL_NAME
from preprocessing import __version__ as preprocessing_version
from refrain.aws.storage import to_json
from refrain.errors import NotFound
from refrain.lake.document import Document
from refrain.times import to_iso

if TYPE_CHECKING:
    from preprocessing import Definition
    from refrain.aws.storage import Store

NO_MODEL = "_"
"""Folder for the receipts of uploads whose first folder cannot be the name of a model."""

type UploadKind = Literal["rows", "labels", "items"]
"""What an upload holds: rows to learn from (of a recommender, interactions), labels, or descriptions of items."""


@dataclass(frozen=True)
class UploadSource(Document):
    """The object that was uploaded; `uploaded_at` is ISO 8601, UTC."""

    bucket: str
    key: str
    etag: str
    size: int
    uploaded_at: str


@dataclass(frozen=True)
class KeptPart(Document):
    """An object of the lake that holds rows of the upload."""

    key: str
    rows: int


@dataclass(frozen=True)
class Rejection(Document):
    """How many rows were rejected for one reason; `column` is empty where the whole row is malformed."""

    column: str
    reason: str
    rows: int


@dataclass(frozen=True, kw_only=True)
class UploadOutcome(Document):
    """What became of an upload, and under which definition (its fingerprint, empty where the model is unknown).

    A refused upload has a `code` and a `reason`, and so has a failed one, whose `code` is the class of the error and
    whose `message_id` leads the operator to the log. A failed upload that was read later is `superseded`, and so is one
    that was refused while its model's definition was broken. `of` is the digest of the receipt that counts instead of
    a duplicate or superseded one. `content_sha256` is that of the
    decompressed content, with line feeds for line ends; None where it was not read.
    """

    status: Literal["kept", "refused", "duplicate", "failed", "superseded"]
    model: str
    digest: str
    source: UploadSource
    definition: str
    preprocessing: str = preprocessing_version
    content_sha256: str | None = None
    code: str | None = None
    reason: str | None = None
    of: str | None = None
    message_id: str | None = None
    seconds: float | None = None
    finished_at: str = field(default_factory=lambda: to_iso(datetime.now(UTC)))


@dataclass(frozen=True, kw_only=True)
class UploadContents(Document):
    """The part of a receipt that the file itself determines. It is empty where no row was read.

    `rejected` is the key of the rejected rows, `columns` the profile of each column, and `notes`
    are sentences about what the owner of the file should know.
    """

    kind: UploadKind = "rows"
    format: str = ""
    rows_read: int = 0
    rows_kept: int = 0
    rows_rejected: int = 0
    parts: list[KeptPart] = field(default_factory=list)
    rejected: str | None = None
    rejections: list[Rejection] = field(default_factory=list)
    ignored_columns: list[str] = field(default_factory=list)
    absent_columns: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    columns: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Receipt(UploadContents, UploadOutcome):
    """The receipt of one upload."""

    @staticmethod
    def prefix(model: str) -> str:
        """Return the prefix of a model's receipts."""
        return f"receipts/{model if MODEL_NAME.fullmatch(model) else NO_MODEL}/"

    @staticmethod
    def key(model: str, digest: str) -> str:
        """Return the key of a receipt."""
        return f"{Receipt.prefix(model)}{digest}.json"

    @classmethod
    def read(cls, store: Store, model: str, digest: str) -> Self | None:
        """Read a receipt; None where there is none."""
        try:
            return cls.from_json(store.read_json(cls.key(model, digest)))
        except NotFound:
            return None

    @classmethod
    def read_kept(cls, store: Store, model: str, kind: UploadKind = "rows") -> list[Self]:
        """Read the receipts of all kept uploads of one kind."""
        receipts = (cls.from_json(store.read_json(key)) for key in store.keys(cls.prefix(model)))
        return [receipt for receipt in receipts if receipt.status == "kept" and receipt.kind == kind]

    def write_new(self, store: Store) -> bool:
        """Write the receipt; return False where one of this name exists already, which then stands."""
        return store.write_new(self.key(self.model, self.digest), to_json(self.to_json()))

    def write_failed(self, store: Store) -> bool:
        """Write the receipt of an upload to be read later, unless it has an answer, or this message had one before."""
        before = self.read(store, self.model, self.digest)
        if before is not None and (before.status != "failed" or before.message_id == self.message_id):
            return False
        store.write_json(self.key(self.model, self.digest), self.to_json())
        return True

    @classmethod
    def supersede_failed(cls, store: Store, model: str, source: UploadSource, of: str) -> None:
        """Let the receipt `of` count instead of the one that says that this upload was not read, if there is one."""
        failed = cls.read(store, model, failed_digest(source))
        if failed is not None and failed.status in ("failed", "refused"):
            superseded = replace(failed, status="superseded", of=of)
            store.write_json(cls.key(model, failed.digest), superseded.to_json())

    @property
    def uploaded(self) -> np.datetime64:
        """When the file was uploaded: datetime64[us], UTC."""
        return np.datetime64(self.source.uploaded_at.removesuffix("Z"), "us")

    def is_current(self, definition: Definition) -> bool:
        """Whether this definition and this preprocessing shaped its rows, so that they can be taken as they are."""
        return self.definition == definition.fingerprint and self.preprocessing == preprocessing_version


def upload_digest(*parts: str) -> str:
    """Name a kept upload by its definition's fingerprint and its content, any other by key, ETag and fingerprint."""
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def failed_digest(source: UploadSource) -> str:
    """Name an upload that was not read by its source alone, since its definition may be what is broken."""
    return upload_digest(source.key, source.etag, "failed")


def curated_key(model: str, digest: str, part: int) -> str:
    """Return the key of one part of an upload's clean rows (Parquet)."""
    return f"curated/{model}/{digest}/part-{part:04d}.parquet"


def rejected_key(model: str, digest: str) -> str:
    """Return the key of an upload's rejected rows (JSON lines, gzip)."""
    return f"rejected/{model}/{digest}.jsonl.gz"
