"""Rows of one user are alike: how much less a window says than so many independent rows would.

A user with a taste has many interactions with similar items. A test that treats them as independent finds a difference
whenever a few users are more active than usual.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from refrain.statistics.homogeneity import STILL, DesignEffect

if TYPE_CHECKING:
    from numpy.typing import NDArray


def clustered(cells: NDArray[np.int64], members: NDArray[np.int64]) -> DesignEffect:
    """Estimate the design effect of rows that come in clusters, from a window's own rows.

    The variance of each cell's share between clusters, against that of independent rows, averaged over cells (Rao &
    Scott, On chi-squared tests for multiway contingency tables, 1984). It is known by as many degrees of freedom as
    there are clusters less one.

    Args:
        cells: each row's cell.
        members: each row's cluster, numbers from 0.

    >>> users = np.repeat(np.arange(50), 10)
    >>> clustered(np.repeat(np.arange(50) % 5, 10), users).effect > 9
    True
    >>> clustered(np.arange(500) % 5, users).effect
    1.0
    """
    shares = np.bincount(cells) / max(len(cells), 1)
    clusters = int(members.max()) + 1 if len(members) else 0
    used = np.flatnonzero(shares)
    if clusters < 2 or len(used) < 2:
        return STILL
    width = len(shares)
    table = np.bincount(members * width + cells, minlength=clusters * width).reshape(clusters, width)[:, used]
    apart = table - table.sum(axis=1, keepdims=True) * shares[used]
    between = float((apart**2 / shares[used]).sum()) * clusters / (clusters - 1)
    return DesignEffect(max(1.0, between / (len(cells) * (len(used) - 1))), clusters - 1)
