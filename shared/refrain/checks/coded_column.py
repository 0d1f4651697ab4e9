"""Columns of any type as few codes, so that one method serves numbers, categories, booleans and times."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from preprocessing import is_missing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from preprocessing import Array

    type Codes = NDArray[np.int64]

MISSING_CODE, OTHER_CODE, FIRST_CODE = 0, 1, 2
MAX_CELLS = 32
MIN_CELL_ROWS = 20


@dataclass(frozen=True)
class CodedColumn:
    """The codes of both sides, all below `size`: 0 is missing, 1 a rare category, and from 2 on values or cells."""

    train: Codes
    holdout: Codes
    size: int


def code_column(train: Array, holdout: Array, strata: Codes | None = None) -> CodedColumn:
    """Code a column: a category by its most frequent values, anything else by cells of about equally many rows.

    With `strata` (class numbers of the training rows) each class has cells of its own, so that the rows of a rare class
    are told from the others. The fewer rows, the fewer cells.
    """
    cells = int(np.clip(len(train) // MIN_CELL_ROWS, 4, MAX_CELLS))
    if train.dtype == object:
        frequent = Counter(value for value in train if value is not None).most_common(cells)
        codes: dict[str | None, int] = {value: code for code, (value, _) in enumerate(frequent, FIRST_CODE)}
        codes[None] = MISSING_CODE
        train_codes, holdout_codes = (
            np.fromiter((codes.get(value, OTHER_CODE) for value in side), np.int64, len(side))
            for side in (train, holdout)
        )
        return CodedColumn(train_codes, holdout_codes, len(frequent) + FIRST_CODE)
    parts = [train] if strata is None else [train, *(train[strata == number] for number in np.unique(strata))]
    edges = _edges(parts, cells)
    train_codes, holdout_codes = (_number_codes(side, edges) for side in (train, holdout))
    return CodedColumn(train_codes, holdout_codes, len(edges) + FIRST_CODE + 1)


def _edges(parts: Iterable[Array], cells: int) -> Array:
    edges = []
    for part in parts:
        present = part[~is_missing(part)]
        values = np.unique(present)
        shares = np.linspace(0, 1, cells + 1)
        edges.append(values if len(values) <= cells else np.quantile(present, shares, method="higher"))
    return np.unique(np.concatenate(edges))


def _number_codes(values: Array, edges: Array) -> Codes:
    codes = np.searchsorted(edges, values, side="right") + FIRST_CODE
    codes[is_missing(values)] = MISSING_CODE
    return codes


def mutual_share(first: Codes, second: Codes) -> float:
    """Return the mutual information of two codes as a share of the greater entropy: 1 where each tells the other.

    >>> mutual_share(np.array([2, 3, 2, 3]), np.array([5, 2, 5, 2])), mutual_share(np.array([2, 3]), np.array([2, 2]))
    (1.0, 0.0)
    """
    width = int(second.max()) + 1
    both = np.bincount(first * width + second)
    entropies = [_entropy(counts) for counts in (np.bincount(first), np.bincount(second), both)]
    greatest = max(entropies[:2])
    return round((entropies[0] + entropies[1] - entropies[2]) / greatest, 12) if greatest else 0.0


def _entropy(counts: Codes) -> float:
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log(shares)).sum())
