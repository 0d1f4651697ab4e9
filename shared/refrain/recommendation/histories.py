"""A user's history: distinct items in the order of their last interactions, the newest last, and only the newest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from preprocessing import Array

MAX_HISTORY_ITEMS = 500
"""The newest items of a user's history: so many are stored for service, and used in evaluation."""


def gather_histories(users: Array, items: NDArray[np.int64], times: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
    """Return each user's history from rows of a user (text), an item's code and a time (any unit).

    Of rows of one time the later row is the newer one.

    >>> histories = gather_histories(np.array(["u", "u", "u"], dtype=object), np.array([4, 7, 4]), np.array([1, 2, 3]))
    >>> {user: items.tolist() for user, items in histories.items()}
    {'u': [7, 4]}
    """
    if not len(users):
        return {}
    names, numbers = np.unique(users.astype(str), return_inverse=True)
    order = np.lexsort((np.arange(len(items)), times, numbers))
    starts = np.flatnonzero(np.append(True, np.diff(numbers[order]) != 0))
    by_user = np.split(items[order], starts[1:])
    return {str(name): recent_items(codes) for name, codes in zip(names, by_user, strict=True)}


def recent_items(codes: NDArray[np.int64], limit: int = MAX_HISTORY_ITEMS) -> NDArray[np.int64]:
    """Keep the last occurrence of each item, and of these the newest, in their order.

    >>> recent_items(np.array([1, 2, 1, 3]), 2).tolist()
    [1, 3]
    """
    _, last = np.unique(codes[::-1], return_index=True)
    return codes[np.sort(len(codes) - 1 - last)][-limit:]


def known_codes(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Leave out the code -1 of items that a catalogue does not have."""
    return codes[codes >= 0]


def pad_codes(rows: Sequence[NDArray[np.int64]], fill: int = -1) -> NDArray[np.int64]:
    """Make one matrix of rows of codes, each padded to the longest one.

    >>> pad_codes([np.array([1, 2]), np.array([3])]).tolist()
    [[1, 2], [3, -1]]
    """
    matrix = np.full((len(rows), max((len(row) for row in rows), default=0)), fill, np.int64)
    for row, codes in zip(matrix, rows, strict=True):
        row[: len(codes)] = codes
    return matrix
