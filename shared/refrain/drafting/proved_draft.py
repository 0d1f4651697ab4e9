"""Proves a draft by all rows of the file, and mends what the sample did not show."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from refrain.drafting.column_guess import ColumnGuess, guess_column, is_usual_mark
from refrain.drafting.table_draft import SampledTable, TableDraft, draft_table

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Mapping

    from preprocessing import Definition

MAX_ROUNDS = 5
MAX_LACKING = 0.001
"""Rows without a key or a time, as a share: with more of them a column is neither."""


class FileReading(Protocol):
    """What reading the whole file by a definition shows."""

    @property
    def rows(self) -> int:
        """The number of rows."""

    @property
    def refused(self) -> Mapping[str, Counter[Any]]:
        """The values that cannot be used, by column."""

    @property
    def repeated_keys(self) -> int:
        """The rows whose key came before."""


def prove_draft[Read: FileReading](
    table: SampledTable, model: str, target: str, read: Callable[[Definition], Read]
) -> tuple[TableDraft, Read]:
    """Draft a definition, `read` the file by it, and draft again until nothing is left to mend."""
    types: dict[str, ColumnGuess] = {}
    incomplete: set[str] = set()
    for _ in range(MAX_ROUNDS):
        draft = draft_table(table, model, target, types, frozenset(incomplete))
        reading = read(draft.definition)
        before = (dict(types), set(incomplete))
        incomplete |= _incomplete(draft, reading)
        types |= _mended(draft, table, reading, incomplete)
        if (types, incomplete) == before:
            break
    return draft, reading


def _incomplete(draft: TableDraft, reading: FileReading) -> set[str]:
    """Name the columns that were taken for the key or the time, and do not serve."""
    names = {*draft.roles.key, draft.roles.time, draft.roles.group} - {""}
    lacking = {name for name in names if _absent(reading, name) > MAX_LACKING * reading.rows}
    return lacking | (set(draft.roles.key[:1]) if reading.repeated_keys else set())


def _absent(reading: FileReading, name: str) -> int:
    return sum(rows for value, rows in reading.refused.get(name, {}).items() if is_usual_mark(value))


def _mended(
    draft: TableDraft, table: SampledTable, reading: FileReading, incomplete: set[str]
) -> dict[str, ColumnGuess]:
    """Guess columns again whose values were refused, with those values beside the sample."""
    decimal = str(draft.source.get("decimal", "."))
    types = {}
    for guess in draft.columns:
        refused = {
            value: rows for value, rows in reading.refused.get(guess.name, {}).items() if not is_usual_mark(value)
        }
        if not refused or guess.left_out or guess.name in incomplete:
            continue
        if guess.keys.get("allowed"):
            types[guess.name] = replace(
                guess, keys={**guess.keys, "allowed": [*guess.keys["allowed"], *map(str, refused)]}
            )
            continue
        more = [value for value, rows in refused.items() for _ in range(max(min(rows, 2), round(rows * table.share)))]
        again = guess_column(guess.name, [*table.columns[guess.name], *more], decimal, na_is_missing=True)
        if (again.type, again.keys) != (guess.type, guess.keys):
            types[guess.name] = again
    return types
