"""The columns of `[monitoring] segments` as conditions that people can read, over the matrix that the model gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from preprocessing.encode import MISSING, UNSEEN
from refrain.statistics.bins import number_cells
from refrain.statistics.segment_search import SegmentColumn
from refrain.words import figure

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from refrain.monitoring.served_version import ServedVersion

    type Values = NDArray[np.float32]

MAX_SEGMENT_VALUES = 12
"""Values of a category that are segments, the most frequent ones of the holdout."""

MAX_WHOLE_NUMBERS = 13
"""Of no more different numbers each one is a bound (months, floors, ratings); of more the quartiles are."""


def segment_columns(
    version: ServedVersion, features: Iterable[str], reference: NDArray[np.float32], window: NDArray[np.float32]
) -> list[SegmentColumn]:
    """Cut the features into segments; those that the version does not have are left out."""
    indexes = {name: index for index, name in enumerate(version.definition.features)}
    return [
        _segment_column(version, name, reference[:, indexes[name]], window[:, indexes[name]])
        for name in features
        if name in indexes
    ]


def _segment_column(version: ServedVersion, name: str, reference: Values, window: Values) -> SegmentColumn:
    if name in version.vocabularies:
        return _of_category(name, version.vocabularies[name], reference, window)
    column = version.definition.columns.get(name)
    if column and column.kind == "boolean":
        return _of_numbers([0.5], [f"{name} = true"], [f"{name} = false"], name, reference, window)
    present = reference[~np.isnan(reference)]
    values = np.unique(present)
    if len(values) > MAX_WHOLE_NUMBERS:
        values = np.unique(np.quantile(present, [0.0, 0.25, 0.5, 0.75], method="higher"))
    edges = values[1:].astype(np.float64).tolist()
    above = [f"{name} ≥ {_number(edge)}" for edge in edges]
    below = [f"{name} < {_number(edge)}" for edge in edges]
    return _of_numbers(edges, above, below, name, reference, window)


def _of_category(name: str, vocabulary: Sequence[str], reference: Values, window: Values) -> SegmentColumn:
    counts = np.bincount(reference.astype(np.int64), minlength=len(vocabulary) + 2)
    frequent = np.argsort(-counts[2:], kind="stable")[:MAX_SEGMENT_VALUES]
    cells = np.full(len(counts), len(frequent))
    cells[frequent + 2] = np.arange(len(frequent))
    cells[[MISSING, UNSEEN]] = len(frequent) + 1, len(frequent) + 2
    words = [f"{name} = {vocabulary[code]}" for code in frequent]
    words += [f"{name} is a rarer value", f"{name} is missing", f"{name} is new to training"]
    before, now = (cells[side.astype(np.int64)] for side in (reference, window))
    return SegmentColumn(before, now, np.eye(len(words), dtype=bool), tuple(words))


def _of_numbers(
    edges: Sequence[float], above: Sequence[str], below: Sequence[str], name: str, reference: Values, window: Values
) -> SegmentColumn:
    width = len(edges) + 1
    numbers = np.arange(width + 1)
    at_least = [(numbers > edge) & (numbers < width) for edge in range(len(edges))]
    less = [numbers <= edge for edge in range(len(edges))]
    marks = np.array([*at_least, *less, numbers == width])
    words = (*above, *below, f"{name} is missing")
    return SegmentColumn(number_cells(reference, edges), number_cells(window, edges), marks, words)


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e9 else figure(value)
