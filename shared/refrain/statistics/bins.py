"""Cells: how values are counted, in training and in service alike, so that two counts can be held against each other.

Numbers fall into bins of about equally many training rows; a value that many rows share (the zeros of an amount) has a
bin of its own. Of categories the frequent values are counted apart and all others, new ones too, together. Missing
values have the last cell.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

CELLS = 10
ATOM = 0.05
"""A number that this share of the rows has is counted apart."""

APART = 0.02
"""So is a category of this share, and there are at most `MOST_APART`."""
MOST_APART = 20

BLOCKS = (8, 16, 32, 64)
LEAST_ROWS = 30
SURELY = 2.326
"""The normal distribution's 99 % quantile: less movement than that is chance."""

type Places = NDArray[np.int64]
type Array = NDArray[Any]


class CellEdges(TypedDict):
    """Rows between edges: the first cell lies below the first edge, each other begins at an edge, which it includes."""

    edges: list[float]
    counts: list[int]


class BlockMovement(TypedDict):
    """How much more the shares of blocks of `rows` rows in a row differ than those of rows drawn at random would.

    `effect` is the design effect, the ratio of the two variances; `freedom` the degrees of freedom that it is known by.
    """

    rows: int
    effect: float
    freedom: int


def bins(known: Array, blur: float = 0.0) -> CellEdges:
    """Find the edges for numbers (none missing), and count them; numbers that differ by less than `blur` are the same.

    >>> bins(np.array([0.0] * 6 + [1.0, 2.0, 3.0, 4.0]))["counts"]
    [0, 6, 1, 1, 1, 1]
    """
    if blur:
        known = np.round(known / blur) * blur
    values, rows = np.unique(known, return_counts=True)
    atoms = values[rows >= max(2, ATOM * len(known))]
    rest = known[~np.isin(known, atoms)]
    wanted = round(CELLS * len(rest) / len(known))
    inner = np.quantile(rest, np.linspace(0, 1, wanted + 1)[1:-1], method="higher") if len(rest) else rest
    above = atoms + blur / 2 if blur else np.nextafter(atoms, np.inf)
    edges = np.unique(np.concatenate([inner - blur / 2, atoms - blur / 2, above]).astype(np.float64))
    counts = np.bincount(number_cells(known, edges), minlength=len(edges) + 2)[:-1]
    return {"edges": edges.tolist(), "counts": counts.tolist()}


def number_cells(values: Array, edges: Collection[float]) -> Places:
    """Return each number's cell, missing ones last.

    >>> number_cells(np.array([0.5, 1.0, 9.0, np.nan]), [1.0, 2.0]).tolist()
    [0, 1, 2, 3]
    """
    places = np.searchsorted(np.array(edges, dtype=np.float64), values.astype(np.float64), side="right")
    places[np.isnan(values)] = len(edges) + 1
    return places


def kept_apart(counts: Mapping[str, int], rows: int) -> list[str]:
    """Choose the categories that are counted apart: those of many rows, the most frequent first.

    Rare ones are not: in service there are always some that training did not meet, and how many of them are to be
    expected is told by the rare ones that it did meet (Good 1953).

    >>> kept_apart({"rare": 1, "often": 70, "seldom": 29}, 100)
    ['often', 'seldom']
    """
    often = [name for name, count in counts.items() if count >= APART * rows]
    return sorted(often, key=lambda name: (-counts[name], name))[:MOST_APART]


def category_cells(values: Array, apart: Collection[str]) -> Places:
    """Return each category's cell: those counted apart, then all others, then missing ones.

    >>> category_cells(np.array(["a", "new", None, "b"], dtype=object), ["b", "a"]).tolist()
    [1, 2, 3, 0]
    """
    places: dict[str | None, int] = {name: place for place, name in enumerate(apart)}
    others, missing = len(places), len(places) + 1
    places[None] = missing
    return np.fromiter((places.get(value, others) for value in values), np.int64, len(values))


def movement(cells: Places) -> list[BlockMovement]:
    """Measure how much shares moved while the rows were gathered, on blocks of several lengths; empty if they did not.

    Rows that follow each other are often alike (night follows day, one town is visited after another). A test that
    takes them for independent ones finds a difference in every window. The design effect says by how much it errs
    (Rao & Scott 1984; Brier, Analysis of contingency tables under cluster sampling, 1980).

    Args:
        cells: of the rows in the order in which they happened.

    >>> movement(np.arange(4000) % 4), movement(np.repeat([0, 1, 0, 1], 1000))[0]["effect"] > 100
    ([], True)
    """
    counts = np.bincount(cells)
    shares = counts[counts > 0] / len(cells)
    place = np.cumsum(counts > 0)[cells] - 1
    found: list[BlockMovement] = []
    for blocks in BLOCKS:
        rows = len(cells) // blocks
        freedom = (blocks - 1) * (len(shares) - 1)
        if rows < LEAST_ROWS or not freedom:
            break
        block = np.arange(rows * blocks) // rows
        table = np.bincount(block * len(shares) + place[: rows * blocks], minlength=blocks * len(shares))
        expected = rows * shares
        square = float(((table.reshape(blocks, -1) - expected) ** 2 / expected).sum())
        if deviation(square, freedom) > SURELY:
            found.append({"rows": rows, "effect": square / freedom, "freedom": freedom})
    return found


def deviation(square: float, freedom: float) -> float:
    """Return how many standard deviations a chi-squared figure lies above what chance gives (Wilson & Hilferty 1931).

    >>> round(deviation(16.919, 9), 2), round(deviation(9.0, 9), 2)
    (1.65, 0.16)
    """
    spread = 2 / (9 * freedom)
    return (float(np.cbrt(square / freedom)) - (1 - spread)) / math.sqrt(spread)
