"""Which rows say the same thing? Rows of one customer, and rows that follow each other, are alike.

A comparison that takes such rows for independent is too sure of itself. So it sums them up to units: entities, or
blocks of rows that follow each other. The length of the blocks comes from the data. It is twelve times as long as a
difference lasts, so that neighbouring blocks hardly know of each other (correlation below 0.05).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from refrain.arrays import Floats

MAX_UNITS = 1000
MIN_BLOCKS = 16
"""With fewer blocks nobody can tell whether neighbours are alike."""
BLOCKS_LAST = 12
"""A block is so many times as long as a difference lasts."""
SUSPICION = 1.3
"""Neighbouring rows are taken as alike when their correlation is so many standard errors above 0."""
SUSPICION_OF_BLOCKS = 2.0
"""The same for blocks of rows, where a mistake costs most of the rows."""

_LASTING = np.geomspace(0.05, 200, 400)
_WITHIN = _LASTING * (1 - np.exp(-1 / _LASTING))
_NEIGHBOURS = _WITHIN**2 / (2 * _LASTING * (1 - _WITHIN))
"""The correlation of neighbouring blocks of a series whose correlation falls by e within `_LASTING` blocks."""


def number_units(groups: NDArray[Any] | None, times: NDArray[Any] | None, differences: Floats) -> NDArray[np.int64]:
    """Number the unit of each row, from 0.

    `groups` are ids [rows] of rows that belong together. Without them, rows with `times` [rows] form blocks in the
    order of time, as long as the most lasting of the `differences` [rows, comparisons] asks for. Other rows are units
    of their own.

    >>> number_units(np.array(["b", "a", "b"]), None, np.zeros((3, 1)))
    array([1, 0, 1])
    """
    if groups is not None:
        return np.unique(groups, return_inverse=True)[1].astype(np.int64)
    if times is None:
        return np.arange(len(differences))
    in_order = differences[np.argsort(times, kind="stable")]
    return number_blocks(times, max(map(block_length, in_order.T), default=1))


def number_blocks(times: NDArray[Any], length: int) -> NDArray[np.int64]:
    """Number blocks of so many rows, in the order of their times [rows].

    >>> number_blocks(np.array([3, 1, 2, 4]), 2)
    array([1, 0, 0, 1])
    """
    units = np.arange(len(times))
    units[np.argsort(times, kind="stable")] = units // length
    return units


def sum_units(values: Floats, units: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Sum the columns of `values` [rows, columns] over units; return sums [units, columns] and rows [units].

    Of too many units neighbours are joined: a thousand sums say as much, in a fraction of the time.

    >>> sums, rows = sum_units(np.array([[1.0], [2.0], [4.0]]), np.array([1, 0, 1]))
    >>> sums.tolist(), rows.tolist()
    ([[2.0], [5.0]], [1.0, 2.0])
    """
    count = int(units.max(initial=-1)) + 1
    if count > MAX_UNITS:
        units, count = units * MAX_UNITS // count, MAX_UNITS
    sums = [np.bincount(units, column, count) for column in values.T]
    return np.stack(sums, axis=1), np.bincount(units, minlength=count).astype(np.float64)


def block_length(series: Floats) -> int:
    """Return how many rows [rows] form a block, by how alike neighbours are: single rows, pairs of rows, fours …

    Blocks of several lengths are needed: what lasts long may be hidden in single rows by their noise.

    >>> random = np.random.default_rng(0)
    >>> block_length(random.normal(size=1000)), block_length(np.repeat(random.normal(size=100), 10)) > 50
    (1, True)
    """
    longest, rows = 0.0, 1
    centred = series - series.mean() if len(series) else series
    while len(series) // rows >= MIN_BLOCKS:
        blocks = len(series) // rows
        alike = _correlation(centred[: blocks * rows].reshape(blocks, rows).sum(axis=1))
        if alike > (SUSPICION if rows == 1 else SUSPICION_OF_BLOCKS) / np.sqrt(blocks):
            lasts = -1 / np.log(min(alike, 0.999)) if rows == 1 else rows * np.interp(alike, _NEIGHBOURS, _LASTING)
            longest = max(longest, float(lasts))
        rows *= 2
    return max(1, int(np.ceil(BLOCKS_LAST * longest)))


def without_shift(series: Floats) -> Floats:
    """Return the series without its greatest change of level: a change that happens once does not come back.

    >>> without_shift(np.array([0.0, 0.0, 0.0, 5.0, 5.0, 5.0])).tolist()
    [0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    """
    rows = len(series)
    if rows < 2:
        return series
    before = np.arange(1, rows)
    sums = np.cumsum(series - series.mean())[:-1]
    split = int(np.argmax(sums**2 / (before * (rows - before)))) + 1
    return np.concatenate([series[:split] - series[:split].mean(), series[split:] - series[split:].mean()])


def _correlation(blocks: Floats) -> float:
    """Return the correlation of neighbours, without the bias that comes from centring."""
    centred = blocks - blocks.mean()
    variance = float(centred @ centred) / len(blocks)
    if not variance:
        return 0.0
    return float(centred[1:] @ centred[:-1]) / (len(blocks) - 1) / variance + 1 / len(blocks)
