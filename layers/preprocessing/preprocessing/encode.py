"""Third verb: typed columns become ONE float32 matrix, the only input of a model's graph.

Numbers stay as they are with NaN for missing, booleans are 0 and 1, times are days since 1970, and categories are codes
of a vocabulary: 0 missing, 1 never or hardly seen in training, 2 and on the known ones in the order of the vocabulary.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from preprocessing.derive import MAKERS, days

if TYPE_CHECKING:
    from preprocessing.columns import Array, Columns
    from preprocessing.definition import Definition

Vocabularies = Mapping[str, tuple[str, ...]]
"""For each category that is a feature, its known values; learned in training, kept in the version's manifest."""

MISSING, UNSEEN, FIRST_KNOWN = 0, 1, 2
SELDOM = 5
"""A category in fewer training rows than this is encoded as unseen, so that the model has met the unseen."""
MOST_KNOWN = 1000


def learn_vocabularies(definition: Definition, columns: Columns) -> dict[str, tuple[str, ...]]:
    """Learn the values of each category feature from training rows: those of at least `SELDOM` rows, sorted.

    Of more than `MOST_KNOWN` the most frequent are kept.
    """
    return {
        name: _known(columns[name])
        for name in definition.features
        if name in definition.columns and definition.columns[name].kind == "category"
    }


def encode(
    definition: Definition, vocabularies: Vocabularies, columns: Columns
) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Make the feature matrix, float32 `[rows, len(definition.features)]`, from clean columns (`definition.inputs`)."""
    rows = len(next(iter(columns.values())))
    matrix = np.empty((rows, len(definition.features)), dtype=np.float32)
    made = {derived.name: derived for derived in definition.derived}
    with np.errstate(over="ignore", invalid="ignore"):
        for place, name in enumerate(definition.features):
            if name in made:
                sources = [columns[source] for source in made[name].sources]
                matrix[:, place] = finite(MAKERS[made[name].make].make(*sources))
            else:
                matrix[:, place] = _encoded(columns[name], definition.columns[name].kind, vocabularies.get(name, ()))
    return matrix


def _encoded(array: Array, kind: str, vocabulary: tuple[str, ...]) -> Array:
    if kind == "time":
        return days(array)
    if kind != "category":
        return array
    codes = codes_of(vocabulary)
    return np.fromiter((codes.get(value, UNSEEN) for value in array), np.float32, len(array))


def codes_of(vocabulary: tuple[str, ...]) -> dict[str | None, int]:
    """Give missing and each known value its code; every other value is `UNSEEN`."""
    codes: dict[str | None, int] = {value: code for code, value in enumerate(vocabulary, FIRST_KNOWN)}
    codes[None] = MISSING
    return codes


def finite(made: Array) -> Array:
    """A derived value beyond float32 is as good as missing."""
    narrow = made.astype(np.float32)
    return np.where(np.isfinite(narrow), narrow, np.nan)


def _known(array: Array) -> tuple[str, ...]:
    counts = Counter(value for value in array if value is not None)
    frequent = [value for value, count in counts.items() if count >= SELDOM]
    return tuple(sorted(sorted(frequent, key=lambda value: (-counts[value], value))[:MOST_KNOWN]))
