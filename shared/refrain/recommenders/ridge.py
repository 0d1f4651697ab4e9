"""The inverse in the linear models, (XᵀX + Λ)⁻¹, computed over the smaller side of X."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.linalg import lapack
from scipy.sparse import diags_array

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

MEMORY_SHARE = 0.8
"""The inverse's share of the function's memory; interactions, libraries and weights need the rest."""

MAX_LAMBDA_MEGABYTES = 10_240
"""The most memory that a Lambda function can have."""

BLOCK = 1024


@dataclass(frozen=True)
class Inverse:
    """A symmetric matrix [items, items]: its diagonal, rows by start and stop, and histories [n, items] times it.

    Rows have no meaning on the diagonal, and products none for the items of a history.
    """

    diagonal: NDArray[np.float64]
    rows: Callable[[int, int], NDArray[np.floating[Any]]]
    times: Callable[[csr_array], NDArray[np.floating[Any]]]


def ridge_inverse(pairs: csr_array, penalty: NDArray[np.float64]) -> Inverse:
    """Invert XᵀX + diag(`penalty`) for X [users, items] in float32. Raises `ValueError` when there is no inverse."""
    users, items = pairs.shape
    by_items, by_users = _bytes_of_inverse(users, items)
    return _by_users(pairs, penalty) if users < items and by_users <= by_items else _by_items(pairs, penalty)


def check_inverse(users: int, items: int) -> None:
    """Raise `ValueError` where the inverse of X [users, items] would not fit into memory."""
    needed = min(_bytes_of_inverse(users, items)) / 1e9
    megabytes = int(os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", MAX_LAMBDA_MEGABYTES))
    available = MEMORY_SHARE * megabytes / 1000
    if needed > available:
        raise ValueError(
            f"the inverse would need {needed:.1f} GB for {items:,} items and {users:,} users, but there are "
            f"{available:.1f} GB: take ItemKnn or AlternatingLeastSquares"
        )


def _bytes_of_inverse(users: int, items: int) -> tuple[float, float]:
    """Return the memory of the inverse over items, and over users."""
    return 8.0 * items**2, 8.0 * users**2 + 4.0 * users * items


def _by_items(pairs: csr_array, penalty: NDArray[np.float64]) -> Inverse:
    """By Cholesky, in place."""
    items = pairs.shape[1]
    matrix = np.empty((items, items))
    columns, wide = pairs.T.tocsr().astype(np.float64), pairs.astype(np.float64)
    for start in range(0, items, BLOCK):
        matrix[start : start + BLOCK] = (columns[start : start + BLOCK] @ wide).toarray()
    matrix[np.diag_indices(items)] += penalty
    _invert_in_place(matrix)
    return Inverse(
        matrix.diagonal(), rows=lambda start, stop: matrix[start:stop], times=lambda histories: histories @ matrix
    )


def _by_users(pairs: csr_array, penalty: NDArray[np.float64]) -> Inverse:
    """By Woodbury's identity, Λ⁻¹ - Λ⁻¹Xᵀ (I + XΛ⁻¹Xᵀ)⁻¹ XΛ⁻¹; off the diagonal only the product counts."""
    users, items = pairs.shape
    left = (pairs.astype(np.float64) @ diags_array(1 / penalty)).tocsr()
    middle = (left @ pairs.T).toarray()
    middle[np.diag_indices(users)] += 1
    _invert_in_place(middle)
    right, explained = np.empty((users, items), dtype=np.float32), np.empty(items)
    columns = left.T.tocsr()
    for start in range(0, items, BLOCK):
        block = columns[start : start + BLOCK]
        products = block @ middle
        explained[start : start + BLOCK] = (block * products).sum(axis=1)
        right[:, start : start + BLOCK] = products.T
    narrow = left.astype(np.float32)
    by_item = columns.astype(np.float32)
    return Inverse(
        1 / penalty - explained,
        rows=lambda start, stop: -(by_item[start:stop] @ right),
        times=lambda histories: -(((histories @ left.T).toarray() @ middle).astype(np.float32) @ narrow),
    )


def _invert_in_place(matrix: NDArray[np.float64]) -> None:
    """Invert a symmetric, positive definite matrix by Cholesky's decomposition."""
    factor, failed = lapack.dpotrf(matrix.T, lower=0, overwrite_a=1, clean=0)
    if failed:
        raise ValueError("items cannot be distinguished: take a larger regularization")
    lapack.dpotri(factor, lower=0, overwrite_c=1)
    for start in range(0, len(matrix), BLOCK):  # copy the lower triangle into the upper one
        block = slice(start, start + BLOCK)
        square = matrix[block, block]
        square[:] = np.tril(square) + np.tril(square, -1).T
        matrix[:start, block] = matrix[block, :start].T
