"""Interactions with items that a version cannot recommend, because its catalogue does not have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from preprocessing import objects

if TYPE_CHECKING:
    from collections.abc import Container

    from preprocessing import Array

TURNOVER = "item known to the model"
"""The name under which monitoring reports their share, beside the columns of the definition."""

KNOWN, NEW = "yes", "no"


def mark_known_items(items: Array, catalogue: Container[str]) -> Array:
    """Mark each interaction by whether its item can be recommended.

    >>> import numpy as np
    >>> mark_known_items(np.array(["s1", "s9"], dtype=object), {"s1"}).tolist()
    ['yes', 'no']
    """
    return objects([KNOWN if item in catalogue else NEW for item in items])
