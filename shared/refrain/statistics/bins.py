"""Cells: how values are counted, in training and in service alike, so that the two counts can be compared.

Numbers fall into bins of about equally many training rows; a number that many rows share (the zeros of an amount) has a
bin of its own. Frequent categories have a cell each; all other categories, new ones too, share one. Missing values have
the last cell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

TARGET_BINS = 10
ATOM_SHARE = 0.05
"""A number that this share of the rows has gets a bin of its own."""

ORDINARY = (0.005, 0.995)
"""Between these quantiles lie nearly all numbers; a few wild ones do not move them."""

FREQUENT_SHARE = 0.02
"""A category with this share of the rows gets a cell of its own."""
MAX_FREQUENT_CATEGORIES = 20

type Cells = NDArray[np.int64]
type Array = NDArray[Any]


def bin_numbers(numbers: Array, blur: float = 0.0) -> tuple[list[float], list[int]]:
    """Find the edges for numbers [rows] (none missing), and count; numbers closer than `blur` count as the same.

    The first cell lies below the first edge, every other one includes its lower edge.

    >>> edges, counts = bin_numbers(np.array([0.0] * 6 + [1.0, 2.0, 3.0, 4.0]))
    >>> counts
    [0, 6, 1, 1, 1, 1]
    """
    if blur:
        numbers = np.round(numbers / blur) * blur
    values, rows = np.unique(numbers, return_counts=True)
    atoms = values[rows >= max(2, ATOM_SHARE * len(numbers))]
    rest = numbers[~np.isin(numbers, atoms)]
    wanted = round(TARGET_BINS * len(rest) / len(numbers))
    inner = np.quantile(rest, np.linspace(0, 1, wanted + 1)[1:-1], method="higher") if len(rest) else rest
    above = atoms + blur / 2 if blur else np.nextafter(atoms, np.inf)
    edges = np.unique(np.concatenate([inner - blur / 2, atoms - blur / 2, above]).astype(np.float64))
    counts = np.bincount(number_cells(numbers, edges), minlength=len(edges) + 2)[:-1]
    return edges.tolist(), counts.tolist()


def far_edges(numbers: Array) -> list[float]:
    """Find below and above which numbers lie far beyond these [rows], by as much as nearly all of these span.

    >>> far_edges(np.arange(1001.0)), far_edges(np.zeros(9))
    ([-985.0, 1985.0], [])
    """
    low, high = np.quantile(numbers, ORDINARY).tolist()
    width = high - low
    return [low - width, high + width] if 0 < width < np.inf else []


def number_cells(values: Array, edges: Collection[float]) -> Cells:
    """Return each number's cell [rows], missing numbers last.

    >>> number_cells(np.array([0.5, 1.0, 9.0, np.nan]), [1.0, 2.0]).tolist()
    [0, 1, 2, 3]
    """
    cells = np.searchsorted(np.array(edges, dtype=np.float64), values.astype(np.float64), side="right")
    cells[np.isnan(values)] = len(edges) + 1
    return cells


def frequent_categories(counts: Mapping[str, int], rows: int) -> list[str]:
    """Choose the categories that get a cell of their own, the most frequent first.

    Rare ones share a cell with new ones: in service there are always some that training did not meet, and how many to
    expect follows from the rare ones that it did meet (Good 1953).

    >>> frequent_categories({"rare": 1, "often": 70, "seldom": 29}, 100)
    ['often', 'seldom']
    """
    frequent = [name for name, count in counts.items() if count >= FREQUENT_SHARE * rows]
    return sorted(frequent, key=lambda name: (-counts[name], name))[:MAX_FREQUENT_CATEGORIES]


def category_cells(values: Array, frequent: Collection[str]) -> Cells:
    """Return each category's cell [rows]: the frequent ones, then all others, then missing ones.

    >>> category_cells(np.array(["a", "new", None, "b"], dtype=object), ["b", "a"]).tolist()
    [1, 2, 3, 0]
    """
    cells: dict[str | None, int] = {name: cell for cell, name in enumerate(frequent)}
    rest = len(cells)
    cells[None] = rest + 1
    return np.fromiter((cells.get(value, rest) for value in values), np.int64, len(values))
