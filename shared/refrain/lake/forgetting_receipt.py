"""What became of a request to forget people: what was removed, and which versions learned from them.

forgotten/<model>/<digest>.json   begun before anything is removed, done last; no key is in it
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Self

from refrain.errors import NotFound
from refrain.lake.document import StoredDocument

if TYPE_CHECKING:
    from collections.abc import Iterable

    from refrain.aws.storage import Store


@dataclass(frozen=True)
class ForgettingReceipt(StoredDocument):
    """The receipt of one request, which may be repeated: counts and names add up.

    `begun_at` is when it was last begun. `removed` counts rows by the first folder of the objects that they were in.
    `learned` are the versions that learned from the people, `undecided` those of which nothing tells any more.
    `unsearched` are uploads that were never read, or whose rows have no such key. Captured predictions without the key
    count as `keyless`, and files that Firehose could not deliver as `undelivered`: neither can be searched.
    `predictions` are the ids of their predictions, until all is done.
    """

    path = "forgotten/{}/{}.json"

    model: str
    digest: str
    state: Literal["begun", "done"]
    by: str
    begun_at: str
    columns: tuple[str, ...]
    keys: int
    learned: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()
    unsearched: tuple[str, ...] = ()
    keyless: int = 0
    undelivered: int = 0
    removed: dict[str, int] = field(default_factory=dict)
    predictions: tuple[str, ...] = ()
    done_at: str | None = None

    @classmethod
    def read_if_any(cls, store: Store, model: str, digest: str) -> Self | None:
        """Read the receipt of an earlier request for the same keys."""
        try:
            return cls.read(store, model, digest)
        except NotFound:
            return None

    @classmethod
    def read_all(cls, store: Store, model: str) -> list[Self]:
        """Read the receipts of all requests of a model."""
        return [cls.from_json(store.read_json(key)) for key in store.keys(f"forgotten/{model}/")]


def request_digest(columns: Iterable[str], hashes: Iterable[int]) -> str:
    """Name a request by its columns and the salted hashes of its keys.

    >>> request_digest(["id"], [2, 1]) == request_digest(["id"], [1, 2])
    True
    """
    return hashlib.sha256(repr((list(columns), sorted(hashes))).encode()).hexdigest()[:32]


def folders_of_model(model: str) -> tuple[str, ...]:
    """Return the folders in which a model's objects hold rows, or what is made of a few rows."""
    names = ("curated", "rejected", "receipts", "captured", "labels", "interactions", "hours", "snapshots", "versions")
    return tuple(f"{name}/{model}/" for name in (*names, "monitoring", "forgotten"))
