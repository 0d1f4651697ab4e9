"""Tells whether a table holds interactions: who chose what, and perhaps how much and when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from preprocessing import is_missing
from refrain.drafting.name_words import ITEMS, LIKELY_TARGETS, USERS, WEIGHTS, words_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from preprocessing import Array
    from refrain.drafting.column_guess import ColumnGuess

MAX_COLUMNS = 8
MIN_VALUES = 10


def guess_roles(guesses: Mapping[str, ColumnGuess], typed: Mapping[str, Array]) -> dict[str, str]:
    """Return the columns of a recommender by role; nothing where the table holds no interactions.

    Users and items both come again, and hardly anything else is in the table.
    """
    usable = [name for name, guess in guesses.items() if name in typed]
    if len(usable) > MAX_COLUMNS:
        return {}
    user = _first(usable, USERS, guesses, typed)
    item = _first([name for name in usable if name != user], ITEMS, guesses, typed)
    rest = [name for name in usable if name not in (user, item)]
    if not (user and item) or any(words_of(name) & LIKELY_TARGETS - WEIGHTS for name in rest):
        return {}
    weight = next((name for name in rest if words_of(name) & WEIGHTS and guesses[name].type == "number"), "")
    time = next((name for name in rest if guesses[name].type == "time"), "")
    return {role: name for role, name in (("user", user), ("item", item), ("weight", weight), ("time", time)) if name}


def _first(
    names: list[str], words: frozenset[str], guesses: Mapping[str, ColumnGuess], typed: Mapping[str, Array]
) -> str:
    """Return the first column with one of these words whose values name things that come again."""
    for name in names:
        present = typed[name][~is_missing(typed[name])]
        distinct = len(set(present.tolist()))
        is_name = guesses[name].type == "category" or (guesses[name].type == "number" and not (present % 1).any())
        if words_of(name) & words and is_name and MIN_VALUES <= distinct < 0.9 * len(present):
            return name
    return ""
