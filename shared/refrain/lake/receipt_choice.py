"""Which uploads a snapshot is made of, decided on their receipts alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing import __version__ as preprocessing_version
from refrain.lake import keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from preprocessing import Definition
    from refrain.aws.storage import Store


@dataclass(frozen=True)
class Receipt:
    """One kept upload. `content` is the SHA-256 of the uploaded file, `digest` that of the file and the definition."""

    digest: str
    content: str
    source: str
    uploaded_at: str
    definition: str
    preprocessing: str
    finished_at: str
    parts: tuple[str, ...]
    rows_kept: int
    rows_rejected: int

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Receipt:
        """Take what is needed from a receipt's document."""
        return cls(
            digest=document["digest"],
            content=document["content_sha256"],
            source=document["source"]["key"],
            uploaded_at=document["source"]["uploaded_at"],
            definition=document["definition"],
            preprocessing=document["preprocessing"],
            finished_at=document["finished_at"],
            parts=tuple(part["key"] for part in document["parts"]),
            rows_kept=document["rows_kept"],
            rows_rejected=document["rows_rejected"],
        )

    @property
    def uploaded(self) -> np.datetime64:
        """When the file was uploaded: datetime64[us], UTC."""
        return np.datetime64(self.uploaded_at.removesuffix("Z"), "us")

    def is_current(self, definition: Definition) -> bool:
        """Whether this definition and this preprocessing shaped its rows, so that they can be taken as they are."""
        return self.definition == definition.fingerprint and self.preprocessing == preprocessing_version


def read_receipts(store: Store, model: str, kind: str | None = None) -> list[Receipt]:
    """Read the receipts of all kept uploads of a model that are of a kind: of rows, unless told (labels, items)."""
    documents = (store.read_json(key) for key in store.keys(keys.receipts(model)))
    return [Receipt.of(each) for each in documents if each["status"] == "kept" and each.get("kind") == kind]


def choose(receipts: Iterable[Receipt], definition: Definition, newest: np.datetime64 | None = None) -> list[Receipt]:
    """Choose the receipts to use, in the order of upload.

    A file that was ingested under several definitions counts once: as the present definition shaped it, else as the
    latest did. A window over upload time (when there is no event time) reaches back from the newest upload, or from
    `newest` where something else is newer, not from now, so that the same uploads always give the same snapshot.
    """
    of_content: dict[str, Receipt] = {}
    for receipt in sorted(receipts, key=lambda each: (each.is_current(definition), each.finished_at, each.digest)):
        of_content[receipt.content] = receipt
    chosen = sorted(of_content.values(), key=lambda each: (each.uploaded, each.digest))
    oldest = oldest_upload(chosen, definition, newest)
    return chosen if oldest is None else [receipt for receipt in chosen if receipt.uploaded >= oldest]


def oldest_upload(
    receipts: Iterable[Receipt], definition: Definition, newest: np.datetime64 | None = None
) -> np.datetime64 | None:
    """Tell since when what came counts: None where all does, or where the window is one of event time."""
    window = definition.training.window
    times = [receipt.uploaded for receipt in receipts] + ([] if newest is None else [newest])
    if window is None or definition.time or not times:
        return None
    return max(times) - np.timedelta64(round(window * 1e6), "us")
