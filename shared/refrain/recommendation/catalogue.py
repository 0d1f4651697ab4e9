"""The items that a version knows: their codes in its graph, and what is said of each beside its id.

Codes go by falling popularity, equally popular items by a hash of their ids. A graph that breaks ties by the lower
code so prefers the more popular item, and never the one whose id happens to come first: ids are often given user by
user, and would tell whose item it is.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Self

import numpy as np

from preprocessing import objects
from refrain.lake.version import CatalogueItems

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from preprocessing import Array

UNKNOWN = -1
"""The code of an item that is in no catalogue, and what pads rows of codes."""


@dataclass(frozen=True)
class Catalogue:
    """Item ids in the order of their codes; `described` has a text (or None) for each, by the column's name."""

    items: tuple[str, ...]
    described: Mapping[str, Sequence[str | None]] = field(default_factory=dict)

    @classmethod
    def of(cls, items: Array, described: Mapping[str, Mapping[str, str]] | None = None) -> Self:
        """Make it of the item of every row; `described` has texts by column and item.

        >>> Catalogue.of(np.array(["a", "b", "b"], dtype=object)).items
        ('b', 'a')
        """
        found, rows = np.unique(items.astype(str), return_counts=True)
        names: list[str] = found.tolist()
        ordered = tuple(names[place] for place in by_popularity(names, rows))
        texts = {column: [known.get(item) for item in ordered] for column, known in (described or {}).items()}
        return cls(ordered, texts)

    @classmethod
    def read(cls, stored: CatalogueItems) -> Self:
        """Read the catalogue of a version."""
        return cls(tuple(stored.items), stored.described)

    def stored(self) -> CatalogueItems:
        """Return it as a version stores it."""
        return CatalogueItems(list(self.items), {name: list(texts) for name, texts in self.described.items()})

    def __len__(self) -> int:
        """Count the items."""
        return len(self.items)

    @cached_property
    def codes(self) -> dict[str, int]:
        """Codes by id."""
        return {item: code for code, item in enumerate(self.items)}

    def coded(self, items: Sequence[str]) -> NDArray[np.int64]:
        """Turn ids into codes, `UNKNOWN` where there is none.

        >>> Catalogue(("s1", "s2")).coded(["s2", "s9"]).tolist()
        [1, -1]
        """
        known = self.codes
        return np.fromiter((known.get(item, UNKNOWN) for item in items), np.int64, len(items))

    def about(self, code: int) -> dict[str, str]:
        """What is said of an item: its id, and what describes it, where something does."""
        texts = {name: text for name, known in self.described.items() if (text := known[code]) is not None}
        return {"id": self.items[code]} | texts

    def named(self) -> Array:
        """The ids as an array, for codes to be looked up in."""
        return objects(list(self.items))


def by_popularity(items: Sequence[str], rows: NDArray[np.int64]) -> list[int]:
    """Order the places of items by how many rows they have, most first, and equally popular ones by a hash."""
    return sorted(range(len(items)), key=lambda place: (-rows[place], _shuffled(items[place])))


def _shuffled(item: str) -> bytes:
    return hashlib.blake2b(item.encode(), digest_size=8).digest()
