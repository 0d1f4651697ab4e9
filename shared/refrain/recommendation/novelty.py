"""Which interactions are with items that a version cannot recommend, since its catalogue lacks them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from preprocessing import objects

if TYPE_CHECKING:
    from collections.abc import Container

    from preprocessing import Array

TURNOVER = "item known to the model"
KNOWN, NEW = "yes", "no"


def familiar(items: Array, known: Container[str]) -> Array:
    """Say of each interaction whether its item can be recommended.

    >>> import numpy as np
    >>> familiar(np.array(["s1", "s9"], dtype=object), {"s1"}).tolist()
    ['yes', 'no']
    """
    return objects([KNOWN if item in known else NEW for item in items])
