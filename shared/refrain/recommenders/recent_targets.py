"""Linear models that predict what is chosen of late: whole histories X explain interactions W that fade with age.

A model that reproduces whole histories offers an item by how many users ever chose it. So an item that came out
yesterday, or rises since this morning, stays far behind items of the same users that fade. Here X explains W, whose
entries halve after each half-life: W = X without one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from refrain.recommenders.neighbours import clear_diagonal
from refrain.recommenders.ridge import BLOCK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from refrain.recommenders.ridge import Inverse

MAX_OPERATIONS = 4e11
"""Multiplications of sparse matrices in a fit; about seven minutes of one processor."""


def check_products(items: int, pairs: int) -> None:
    """Raise `ValueError` for more work than there is time for."""
    operations = 4.0 * items * pairs
    if operations > MAX_OPERATIONS:
        raise ValueError(
            f"half_life_days would take {operations:.1e} operations, but has time for {MAX_OPERATIONS:.0e}: "
            "leave it out, or take a shorter training.window"
        )


def recent_weights(pairs: csr_array, targets: csr_array, inverse: Inverse) -> Iterator[NDArray[np.float32]]:
    """Yield blocks of rows of the weights [items, items], with a diagonal of 0, that explain the targets best.

    With P the `inverse` of XᵀX + Λ and C = P XᵀW, the weights are C_ij - P_ij C_jj / P_jj: ridge regression with the
    constraint of EASE.
    """
    explained, received = pairs.astype(np.float64), targets.T.tocsr().astype(np.float64)
    itself = np.concatenate(
        [(block * (received[rows] @ explained).toarray()).sum(axis=1) for rows, block in _rows(inverse)]
    )
    for rows, block in _rows(inverse):
        predicted = (received @ (explained @ block.T)).T
        yield clear_diagonal(predicted - block * (itself / inverse.diagonal), rows.start).astype(np.float32)


def recent_directions(
    pairs: csr_array, targets: csr_array, sizes: NDArray[np.float64], directions: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return what the singular directions [directions, items] of the pairs predict of the targets: [items, directions].

    Of the pairs themselves, the directions predict the directions: XᵀXV / σ² = V.
    """
    powers = np.maximum(sizes, np.finfo(np.float32).eps * sizes.max()) ** 2
    predicted: NDArray[np.float64] = targets.T @ (pairs @ directions.T) / powers
    return predicted


def _rows(inverse: Inverse) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """Yield blocks of rows of the inverse, with its diagonal, which `Inverse.rows` leaves out."""
    for start in range(0, len(inverse.diagonal), BLOCK):
        block = inverse.rows(start, start + BLOCK).astype(np.float64)
        diagonal = np.arange(len(block))
        block[diagonal, start + diagonal] = inverse.diagonal[start : start + len(block)]
        yield slice(start, start + len(block)), block
