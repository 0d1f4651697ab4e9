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
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from refrain.recommenders.ridge import Inverse

MAX_OPERATIONS = 4e11
"""Multiplications of sparse matrices in a fit; about seven minutes of one processor."""


def count_operations(items: int, pairs: int) -> float:
    """Count the multiplications of a fit."""
    return 4.0 * items * pairs


def check_products(items: int, pairs: int) -> None:
    """Raise `ValueError` for more work than there is time for."""
    operations = count_operations(items, pairs)
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
    itself = np.concatenate([_own_products(block, received[rows], explained) for rows, block in _rows(inverse)])
    for rows, block in _rows(inverse):
        predicted = (received @ (explained @ block.T)).T
        yield clear_diagonal(predicted - block * (itself / inverse.diagonal), rows.start).astype(np.float32)


def recent_scores(
    asked: csr_array, pairs: csr_array, targets: Sequence[csr_array], inverse: Inverse
) -> list[NDArray[np.float32]]:
    """Return the scores [histories, items] of the histories `asked` by the `recent_weights` for each of the targets.

    All share the inverse, and nothing is multiplied for each item but for each history: so many half-lives cost little.
    """
    explained = pairs.astype(np.float64)
    received = [side.T.tocsr().astype(np.float64) for side in targets]
    answered, itself = np.zeros(asked.shape), np.zeros((len(targets), asked.shape[1]))
    for rows, block in _rows(inverse):
        answered += asked[:, rows] @ block
        for number, side in enumerate(received):
            itself[number, rows] = _own_products(block, side[rows], explained)
    scores = [np.empty(asked.shape, np.float32) for _ in targets]
    for start in range(0, len(answered), BLOCK):
        block = answered[start : start + BLOCK]
        products = explained @ block.T
        for side, own, scored in zip(received, itself, scores, strict=True):
            scored[start : start + BLOCK] = (side @ products).T - block * (own / inverse.diagonal)
    return scores


def recent_directions(
    pairs: csr_array, targets: csr_array, sizes: NDArray[np.float64], directions: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return what the singular directions [directions, items] of the pairs predict of the targets: [items, directions].

    Of the pairs themselves, the directions predict the directions: XᵀXV / σ² = V.
    """
    powers = np.maximum(sizes, np.finfo(np.float32).eps * sizes.max()) ** 2
    predicted: NDArray[np.float64] = targets.T @ (pairs @ directions.T) / powers
    return predicted


def _own_products(block: NDArray[np.float64], received: csr_array, explained: csr_array) -> NDArray[np.float64]:
    """Return C_jj for the items j of a block of rows of the inverse."""
    return np.asarray((block * (received @ explained).toarray()).sum(axis=1))


def _rows(inverse: Inverse) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """Yield blocks of rows of the inverse, with its diagonal, which `Inverse.rows` leaves out."""
    for start in range(0, len(inverse.diagonal), BLOCK):
        block = inverse.rows(start, start + BLOCK).astype(np.float64)
        diagonal = np.arange(len(block))
        block[diagonal, start + diagonal] = inverse.diagonal[start : start + len(block)]
        yield slice(start, start + len(block)), block
