"""How much less rows say than as many independent rows, because consecutive rows, or those of one user, are alike.

A user with a taste has many interactions with similar items, and night follows day. A test that takes such rows for
independent finds a difference whenever a few users are more active than usual, and in every window of some hours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from refrain.arrays import Floats

BLOCKS = (8, 16, 32, 64)
MIN_BLOCK_ROWS = 30
NORMAL_99 = 2.326
"""The normal distribution's 99 % quantile: less movement than that is chance."""


@dataclass(frozen=True)
class DesignEffect:
    """How much more the shares of a window vary than those of independent rows, and the degrees of freedom of that."""

    ratio: float
    freedom: int


INDEPENDENT = DesignEffect(1.0, 0)


def cluster_design_effect(cells: NDArray[np.int64], members: NDArray[np.int64]) -> DesignEffect:
    """Estimate the design effect of rows in clusters (`members`, from 0) from each row's cell and cluster.

    It is the variance of each cell's share between clusters, over that of independent rows, averaged over cells (Rao &
    Scott, On chi-squared tests for multiway contingency tables, 1984). It has one degree of freedom less than clusters.

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


def block_movements(cells: NDArray[np.int64]) -> list[tuple[int, DesignEffect]]:
    """Measure how much shares moved while the rows were gathered; `cells` are in the order in which the rows happened.

    Returns the rows of each length of block on which they moved, and its design effect, which says by how much a test
    errs that takes the rows for independent (Rao & Scott 1984; Brier, Analysis of contingency tables under cluster
    sampling, 1980).

    >>> block_movements(np.arange(4000) % 4), block_movements(np.repeat([0, 1, 0, 1], 1000))[0][1].ratio > 100
    ([], True)
    """
    counts = np.bincount(cells)
    shares = counts[counts > 0] / len(cells)
    used = np.cumsum(counts > 0)[cells] - 1
    movements: list[tuple[int, DesignEffect]] = []
    for blocks in BLOCKS:
        rows = len(cells) // blocks
        freedom = (blocks - 1) * (len(shares) - 1)
        if rows < MIN_BLOCK_ROWS or not freedom:
            break
        block = np.arange(rows * blocks) // rows
        table = np.bincount(block * len(shares) + used[: rows * blocks], minlength=blocks * len(shares))
        expected = rows * shares
        square = float(((table.reshape(blocks, -1) - expected) ** 2 / expected).sum())
        if chi_squared_deviation(np.array([square]), freedom)[0] > NORMAL_99:
            movements.append((rows, DesignEffect(square / freedom, freedom)))
    return movements


def chi_squared_deviation(squares: Floats, freedom: float) -> Floats:
    """Return how many standard deviations chi-squared figures lie above their expectation (Wilson & Hilferty 1931).

    >>> chi_squared_deviation(np.array([16.919, 9.0]), 9).round(2).tolist()
    [1.65, 0.16]
    """
    spread = 2 / (9 * freedom)
    deviations: Floats = (np.cbrt(squares / freedom) - (1 - spread)) / math.sqrt(spread)
    return deviations
