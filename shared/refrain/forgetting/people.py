"""The people to forget, by the keys of their rows, and how their rows are told from all others."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from preprocessing import RecommenderDefinition, prepare, rows_to_columns
from refrain.errors import InvalidRequest
from refrain.lake.learned_rows import is_among
from refrain.statistics.hashing import row_hashes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from preprocessing import Array, Columns, Definition


@dataclass(frozen=True)
class People:
    """Keys as typed columns, one row for each."""

    definition: Definition
    columns: Columns

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of the keys."""
        return tuple(self.columns)

    def __len__(self) -> int:
        """Count the keys."""
        return len(self.columns[self.names[0]])

    def mark(self, raw: Mapping[str, Array], rows: int) -> NDArray[np.bool_]:
        """Mark their rows among others, whose values may have come through any door; none without the key's columns."""
        if not set(self.names) <= raw.keys():
            return np.zeros(rows, bool)
        values = {name: raw[name] for name in self.names}
        typed, _ = prepare(self.definition, values, rows, columns=self.names)
        return is_among(row_hashes(typed, self.names), self._hashes)

    def mark_rows(self, rows: Sequence[Mapping[str, object]]) -> NDArray[np.bool_]:
        """Mark their rows among instances, as callers send them."""
        names = [name for name in self.names if any(name in row for row in rows)]
        return self.mark(rows_to_columns(rows, names), len(rows))

    def mark_cells(self, cells: Array, name: str) -> NDArray[np.bool_]:
        """Mark the values that one column of a key has, whatever column they stand in."""
        typed, _ = prepare(self.definition, {name: cells}, len(cells), columns=[name])
        own = np.sort(row_hashes(self.columns, [name]))
        return is_among(row_hashes(typed, [name]), own)

    @cached_property
    def _hashes(self) -> NDArray[np.uint64]:
        return np.sort(row_hashes(self.columns, self.names))


def read_people(definition: Definition, keys: Sequence[Mapping[str, str]]) -> People:
    """Read keys as they are typed or stand in a file: texts by column. Raises `InvalidRequest`."""
    names = list(keys[0]) if keys else []
    allowed = key_columns(definition)
    if not allowed:
        raise InvalidRequest(f"{definition.model} has no key: nothing says which rows are one person's (`key`)")
    if not names or any(list(key) != names for key in keys) or not set(names) <= set(allowed):
        raise InvalidRequest(f"expected keys of the same columns, one or several of {', '.join(allowed)}")
    columns, problems = prepare(definition, rows_to_columns(keys, names), len(keys), columns=names)
    if problems:
        number, column, reason = problems[0].row + 1, problems[0].column, problems[0].reason
        raise InvalidRequest(f"key {number}: {column} {reason}")
    return People(definition, columns)


def key_columns(definition: Definition) -> tuple[str, ...]:
    """Return the columns that can name a person: the key's, the group's, and the users of a recommender."""
    names = (*definition.key, definition.training.group)
    if isinstance(definition, RecommenderDefinition):
        names = (definition.roles.user, *names)
    return tuple(name for name in dict.fromkeys(names) if name)
