"""Texts that the rows of the people have and no other row: a report that names such a text is about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass
class OwnTexts:
    """Such texts, once all rows of the people were added and then all others discarded."""

    texts: set[str] = field(default_factory=set)

    def add(self, values: Iterable[object]) -> None:
        """Take the texts among values of the people's rows."""
        self.texts.update(value for value in values if isinstance(value, str) and value.strip())

    def discard(self, values: Iterable[object]) -> None:
        """Leave out the texts of others' rows."""
        self.texts.difference_update(value for value in values if isinstance(value, str))
