"""A user's history: distinct items, the oldest first, each at its last interaction, and only the newest of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from refrain.recommendation.limits import MAX_HISTORY_ITEMS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from preprocessing import Array


def histories(users: Array, items: NDArray[np.int64], times: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
    """Gather each user's history from rows of a user (text), an item's code and a time (any unit).

    Of rows of one time the later row is the newer one.

    >>> found = histories(np.array(["u", "u", "u"], dtype=object), np.array([4, 7, 4]), np.array([1, 2, 3]))
    >>> {user: items.tolist() for user, items in found.items()}
    {'u': [7, 4]}
    """
    if not len(users):
        return {}
    names, numbers = np.unique(users.astype(str), return_inverse=True)
    order = np.lexsort((np.arange(len(items)), times, numbers))
    starts = np.flatnonzero(np.append(True, np.diff(numbers[order]) != 0))
    found = np.split(items[order], starts[1:])
    return {str(name): recent(seen) for name, seen in zip(names, found, strict=True)}


def recent(seen: NDArray[np.int64], most: int = MAX_HISTORY_ITEMS) -> NDArray[np.int64]:
    """Keep the last occurrence of each item, and of these the newest `most`, in their order.

    >>> recent(np.array([1, 2, 1, 3]), 2).tolist()
    [1, 3]
    """
    _, last = np.unique(seen[::-1], return_index=True)
    return seen[np.sort(len(seen) - 1 - last)][-most:]


def pad_codes(rows: Sequence[NDArray[np.int64]], fill: int = -1) -> NDArray[np.int64]:
    """Make one matrix of rows of codes, each padded to the longest one.

    >>> pad_codes([np.array([1, 2]), np.array([3])]).tolist()
    [[1, 2], [3, -1]]
    """
    matrix = np.full((len(rows), max((len(row) for row in rows), default=0)), fill, np.int64)
    for row, codes in zip(matrix, rows, strict=True):
        row[: len(codes)] = codes
    return matrix
