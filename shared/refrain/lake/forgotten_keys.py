"""Which keys of a model were forgotten, as salted hashes: rows that come later are held against them.

forgotten/<model>.json   changed by compare-and-swap only; it grows before anything is deleted
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from refrain.aws.storage import to_json
from refrain.errors import Conflict
from refrain.lake.document import Document, SwappedDocument

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from preprocessing import Columns
    from refrain.aws.storage import Store

    type HashRows = Callable[[Columns, Sequence[str], int], NDArray[np.uint64]]
    """Hashes the rows of columns by the named ones and a salt."""

FORGOTTEN = "was forgotten"
"""Why a row is rejected whose key nothing may be kept of."""

MAX_MOVES = 20
"""Attempts to change the object while others change it."""


@dataclass(frozen=True)
class ForgottenGroup(Document):
    """Keys of the same columns: a salted hash (uint64) for each."""

    columns: tuple[str, ...]
    hashes: tuple[int, ...]


@dataclass(frozen=True)
class ForgottenKeys(SwappedDocument):
    """The forgotten keys of a model. The salt makes the hashes useless beside those of another model."""

    path = "forgotten/{}.json"

    model: str
    salt: int
    groups: tuple[ForgottenGroup, ...] = ()

    @classmethod
    def absent(cls, model: str) -> Self:
        """Return none, with a salt for the first."""
        return cls(model, secrets.randbits(63))

    @classmethod
    def read_if_any(cls, store: Store, model: str) -> Self | None:
        """Read those of a model, or return None where nothing was ever forgotten."""
        keys, etag = cls.read_with_etag(store, model)
        return keys if etag else None

    @classmethod
    def add(cls, store: Store, model: str, columns: Columns, hash_rows: HashRows) -> Self:
        """Add keys, one a row of typed columns, and return all. From now on rows of them are refused."""
        for _ in range(MAX_MOVES):
            before, etag = cls.read_with_etag(store, model)
            after = before._with(tuple(columns), hash_rows(columns, tuple(columns), before.salt))
            if (etag and after == before) or store.swap(cls.key(model), to_json(after.to_json()), etag):
                return after
        raise Conflict(cls.key(model))

    def mark(self, columns: Columns, hash_rows: HashRows) -> NDArray[np.bool_]:
        """Mark the rows of forgotten keys."""
        marked = np.zeros(len(next(iter(columns.values()))), bool)
        for group in self.groups:
            if set(group.columns) <= columns.keys():
                marked |= np.isin(hash_rows(columns, group.columns, self.salt), np.array(group.hashes, np.uint64))
        return marked

    @property
    def digest(self) -> str:
        """Name what was forgotten, "" where nothing was: rows without these keys are other rows than before."""
        text = json.dumps(self.to_json()["groups"])
        return hashlib.sha256(text.encode()).hexdigest() if self.groups else ""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns by which keys were forgotten."""
        return tuple(dict.fromkeys(name for group in self.groups for name in group.columns))

    def _with(self, names: tuple[str, ...], hashes: NDArray[np.uint64]) -> Self:
        same = [group for group in self.groups if group.columns == names]
        merged = {*hashes.tolist(), *(hashed for group in same for hashed in group.hashes)}
        rest = tuple(group for group in self.groups if group.columns != names)
        return replace(self, groups=(*rest, ForgottenGroup(names, tuple(sorted(merged)))))
