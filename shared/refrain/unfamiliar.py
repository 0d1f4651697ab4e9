"""What is unlike the training data in a row of a request: single features, or features that are so only together."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_encode = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Combination:
    """Each value of the row is familiar, but not together with the others.

    `features` are those that make it so, the first most of all; without any it was not looked at further.
    """

    features: tuple[str, ...]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the features, as over those of a row whose single values are unfamiliar."""
        return iter(self.features)


type Unfamiliar = Sequence[str] | Combination
"""The features of a row whose values are unfamiliar, none in a familiar row; or what is unfamiliar together."""


def read_unfamiliar(row: Mapping[str, Any]) -> Unfamiliar:
    """Read what `write_unfamiliar` wrote, from the parsed object."""
    if "unfamiliar_combination" in row:
        return Combination(tuple(row["unfamiliar_combination"]))
    return tuple(row.get("unfamiliar", ()))


def write_unfamiliar(note: Unfamiliar) -> str:
    """Write it as members of a JSON object, each after a comma.

    >>> write_unfamiliar(["age"]), write_unfamiliar(Combination(("age", "plan"))), write_unfamiliar([])
    (',"unfamiliar":["age"]', ',"unfamiliar_combination":["age","plan"]', '')
    """
    if isinstance(note, Combination):
        return f',"unfamiliar_combination":{_encode(note.features)}'
    return f',"unfamiliar":{_encode(note)}' if note else ""
