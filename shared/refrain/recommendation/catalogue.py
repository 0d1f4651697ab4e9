"""The items that a version can recommend: their codes in its graph, and the texts that describe them.

Such texts (title, artist) come with the interactions, or alone as `<model>/items/<any name>`.

Codes follow falling popularity, and a hash of the id among equally popular items. So a graph that breaks ties by the
lower code prefers the more popular item, and never the one whose id sorts first: ids are often given user by user, and
their order would tell whose item it is.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from preprocessing import objects, parse_definition
from refrain.lake.version import CatalogueItems

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from numpy.typing import NDArray

    from preprocessing import Array, Definition, RecommenderDefinition

UNKNOWN = -1
"""The code of an item that is in no catalogue, and the padding of rows of codes."""

TURNOVER = "item known to the model"
"""The name under which monitoring reports the share of such items, beside the columns of the definition."""

KNOWN, NEW = "yes", "no"


@dataclass(frozen=True)
class Catalogue(CatalogueItems):
    """The stored items, with their codes."""

    @classmethod
    def of(cls, items: Array, texts: Mapping[str, Mapping[str, str | None]] | None = None) -> Self:
        """Make the catalogue of the items of all rows; `texts` are by column and item.

        >>> Catalogue.of(np.array(["a", "b", "b"], dtype=object)).items
        ('b', 'a')
        """
        unique, rows = np.unique(items.astype(str), return_counts=True)
        ids: list[str] = unique.tolist()
        ordered = tuple(ids[index] for index in order_by_popularity(ids, rows))
        described = {column: [by_item.get(item) for item in ordered] for column, by_item in (texts or {}).items()}
        return cls(ordered, described)

    def extended(self, new: Self, codes: Sequence[int]) -> Self:
        """Add these of the `new` items after all others."""
        described = {
            column: [*texts, *(new.described[column][code] for code in codes)]
            for column, texts in self.described.items()
        }
        return type(self)((*self.items, *(new.items[code] for code in codes)), described, len(codes))

    def __len__(self) -> int:
        """Count the items."""
        return len(self.items)

    @cached_property
    def codes(self) -> dict[str, int]:
        """Codes by id."""
        return {item: code for code, item in enumerate(self.items)}

    def coded(self, items: Sequence[str]) -> NDArray[np.int64]:
        """Turn ids into codes, `UNKNOWN` for an unknown id.

        >>> Catalogue(("s1", "s2"), {}).coded(["s2", "s9"]).tolist()
        [1, -1]
        """
        codes = self.codes
        return np.fromiter((codes.get(item, UNKNOWN) for item in items), np.int64, len(items))

    def describe(self, code: int) -> dict[str, str]:
        """Return an item's id and the texts that describe it."""
        texts = {column: text for column, texts in self.described.items() if (text := texts[code]) is not None}
        return {"id": self.items[code]} | texts


def order_by_popularity(items: Sequence[str], rows: NDArray[np.int64]) -> list[int]:
    """Order the indexes of items by their number of rows, most first, and by a hash of the id among equal ones."""
    hashes = [hashlib.blake2b(item.encode(), digest_size=8).digest() for item in items]
    return sorted(range(len(items)), key=lambda index: (-rows[index], hashes[index]))


def mark_known_items(items: Array, catalogue: Container[str]) -> Array:
    """Mark each interaction by whether its item is in the catalogue, and so can be recommended.

    >>> mark_known_items(np.array(["s1", "s9"], dtype=object), {"s1"}).tolist()
    ['yes', 'no']
    """
    return objects([KNOWN if item in catalogue else NEW for item in items])


def definition_of_items(definition: RecommenderDefinition) -> Definition:
    """Make the definition that reads a file of items: the item, and the columns that describe it."""
    roles, document = definition.roles, definition.document
    columns: Any = document["columns"]
    source: Any = document.get("source", {})
    plain = {name: {k: v for k, v in columns[name].items() if k != "role"} for name in (roles.item, *roles.describe)}
    rename = {name: column for name, column in source.get("rename", {}).items() if column in plain}
    return parse_definition(
        definition.model,
        {
            "task": "classification",
            "target": roles.item,
            "source": {**source, "rename": rename},
            "columns": plain if roles.describe else plain | {"-": {"type": "category"}},
            "training": {"candidates": [{"name": "none", "estimator": "sklearn.dummy.DummyClassifier"}]},
        },
        f"items of {definition.model}",
    )
