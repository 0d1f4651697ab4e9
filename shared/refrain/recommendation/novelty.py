"""How much of what is played a version cannot offer, because its catalogue does not have it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from preprocessing import objects

if TYPE_CHECKING:
    from collections.abc import Container

    from preprocessing import Array

TURNOVER = "item known to the model"
KNOWN, NEW = "yes", "no"


def familiar(items: Array, known: Container[str]) -> Array:
    """Say of each play whether its item is one that can be offered.

    >>> import numpy as np
    >>> familiar(np.array(["s1", "s9"], dtype=object), {"s1"}).tolist()
    ['yes', 'no']
    """
    return objects([KNOWN if item in known else NEW for item in items])
