"""The largest values of each row, ties broken by position: ONNX's TopK in numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def largest_columns(values: NDArray[np.floating[Any]], count: int) -> NDArray[np.int64]:
    """Return the columns of the `count` largest values of each row, ascending; of equal values the first.

    >>> largest_columns(np.array([[1, 3, 2, 3, 3]]), 2)
    array([[1, 3]])
    """
    rows, columns = values.shape
    if count >= columns:
        every: NDArray[np.int64] = np.tile(np.arange(columns), (rows, 1))
        return every
    least = np.partition(values, columns - count, axis=1)[:, columns - count, None]
    kept = values >= least
    for row in np.flatnonzero(np.count_nonzero(kept, axis=1) > count):
        last = np.flatnonzero(values[row] == least[row])
        kept[row, last[count - np.count_nonzero(kept[row]) :]] = False
    chosen: NDArray[np.int64] = np.nonzero(kept)[1].reshape(rows, count)
    return chosen


def rank_items(scores: NDArray[np.float32], k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return items [rows, k] and their scores, best first; of equal scores the lower code.

    Where a row has fewer than `k` scores above -inf, the rest is item -1 with score -inf.

    >>> rank_items(np.array([[0.1, 0.7, -np.inf, 0.7]], dtype=np.float32), 4)
    (array([[ 1,  3,  0, -1]]), array([[ 0.7,  0.7,  0.1, -inf]], dtype=float32))
    """
    columns = largest_columns(scores, k)
    values = np.take_along_axis(scores, columns, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    items, values = np.take_along_axis(columns, order, axis=1), np.take_along_axis(values, order, axis=1)
    items = np.where(np.isneginf(values), -1, items)
    missing = ((0, 0), (0, k - items.shape[1]))
    return np.pad(items, missing, constant_values=-1), np.pad(values, missing, constant_values=-np.inf)
