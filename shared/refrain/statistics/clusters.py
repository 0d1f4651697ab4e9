"""How much less a window says than as many independent rows, because the rows of one user are alike.

A user with a taste has many interactions with similar items. A test that takes them for independent finds a difference
whenever a few users are more active than usual.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from refrain.statistics.homogeneity import INDEPENDENT, DesignEffect

if TYPE_CHECKING:
    from numpy.typing import NDArray


def cluster_design_effect(cells: NDArray[np.int64], members: NDArray[np.int64]) -> DesignEffect:
    """Estimate the design effect of rows that come in clusters, from a window's own rows.

    It is the variance of each cell's share between clusters, over that of independent rows, averaged over cells (Rao &
    Scott, On chi-squared tests for multiway contingency tables, 1984). It has one degree of freedom less than clusters.

    Args:
        cells: each row's cell [rows].
        members: each row's cluster [rows], numbered from 0.

    >>> users = np.repeat(np.arange(50), 10)
    >>> cluster_design_effect(np.repeat(np.arange(50) % 5, 10), users).ratio > 9
    True
    >>> cluster_design_effect(np.arange(500) % 5, users).ratio
    1.0
    """
    shares = np.bincount(cells) / max(len(cells), 1)
    clusters = int(members.max()) + 1 if len(members) else 0
    used = np.flatnonzero(shares)
    if clusters < 2 or len(used) < 2:
        return INDEPENDENT
    width = len(shares)
    table = np.bincount(members * width + cells, minlength=clusters * width).reshape(clusters, width)[:, used]
    deviations = table - table.sum(axis=1, keepdims=True) * shares[used]
    between = float((deviations**2 / shares[used]).sum()) * clusters / (clusters - 1)
    return DesignEffect(max(1.0, between / (len(cells) * (len(used) - 1))), clusters - 1)
