"""Third verb: turn typed columns into ONE float32 matrix, the only input of a model's graph.

Numbers stay as they are, with NaN for missing; booleans are 0 and 1; times are days since 1970. Categories are codes of
a vocabulary: 0 is missing, 1 is a value that training saw rarely or never, and 2 onwards are the values in order.
A text has its length there, and the counts of its words behind all features (see `texts`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from preprocessing.derive import days, derive
from preprocessing.texts import count_words, measure_texts

if TYPE_CHECKING:
    from preprocessing.columns import Array, Columns
    from preprocessing.definition import Column, Definition

Vocabularies = Mapping[str, tuple[str, ...]]
"""The values of each category feature, learned in training and kept in the version's manifest."""

MISSING, UNSEEN, FIRST_KNOWN = 0, 1, 2
MIN_CATEGORY_ROWS = 5
"""A value in fewer training rows is encoded as unseen, so that the model learns what to do with unseen values."""
MAX_VOCABULARY = 1000


def learn_vocabularies(definition: Definition, columns: Columns) -> dict[str, tuple[str, ...]]:
    """Learn the values of each category feature: those in at least `MIN_CATEGORY_ROWS` training rows, sorted.

    Of more than `MAX_VOCABULARY` values, the most frequent are kept.
    """
    return {
        name: _vocabulary(columns[name])
        for name in definition.features
        if name in definition.columns and is_coded(definition.columns[name])
    }


def encode(
    definition: Definition, vocabularies: Vocabularies, columns: Columns
) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Make the matrix, float32 `[rows, definition.matrix_width]`, from clean columns (`definition.inputs`)."""
    matrix = np.zeros((len(next(iter(columns.values()))), definition.matrix_width), dtype=np.float32)
    _fill_features(definition, vocabularies, columns, matrix)
    for name in definition.texts:
        count_words(columns[name], matrix[:, definition.matrix_columns[name][1] :])
    return matrix


def encode_features(
    definition: Definition, vocabularies: Vocabularies, columns: Columns
) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Make the part of the matrix that has one column a feature, `[rows, len(definition.features)]`."""
    matrix = np.empty((len(next(iter(columns.values()))), len(definition.features)), dtype=np.float32)
    _fill_features(definition, vocabularies, columns, matrix)
    return matrix


def _fill_features(definition: Definition, vocabularies: Vocabularies, columns: Columns, matrix: Array) -> None:
    derived = derive(definition.derived, columns)
    with np.errstate(over="ignore"):
        for index, name in enumerate(definition.features):
            if name in derived:
                matrix[:, index] = derived[name]
            else:
                matrix[:, index] = _encoded(columns[name], definition.columns[name], vocabularies.get(name, ()))


def is_coded(column: Column) -> bool:
    """Tell whether the model gets codes of a vocabulary for the values of a column."""
    return column.kind == "category" and not column.text


def _encoded(array: Array, column: Column, vocabulary: tuple[str, ...]) -> Array:
    if column.kind == "time":
        return days(array)
    if column.text:
        return np.array(measure_texts(array), np.float64)
    if column.kind != "category":
        return array
    codes = codes_of(vocabulary)
    return np.fromiter((codes.get(value, UNSEEN) for value in array), np.float32, len(array))


def codes_of(vocabulary: tuple[str, ...]) -> dict[str | None, int]:
    """Map missing and each value of the vocabulary to its code; every other value is `UNSEEN`."""
    codes: dict[str | None, int] = {value: code for code, value in enumerate(vocabulary, FIRST_KNOWN)}
    codes[None] = MISSING
    return codes


def _vocabulary(array: Array) -> tuple[str, ...]:
    counts = Counter(value for value in array if value is not None)
    frequent = [value for value, count in counts.items() if count >= MIN_CATEGORY_ROWS]
    return tuple(sorted(sorted(frequent, key=lambda value: (-counts[value], value))[:MAX_VOCABULARY]))
