"""Items by items, dense: how much memory it takes, and its inverse in no more than that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import lapack

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

MEMORY_GB = 8.0
"""Of the 10 GB that a Lambda can have; the rest is for the plays, the libraries and the weights that are kept."""

BLOCK = 1024


def check_size(items: int, copies: float, estimator: str) -> None:
    """Raise `ValueError` when matrices of `items` × `items` float64 would need too much memory.

    >>> check_size(40_000, 1, "Ease")
    Traceback (most recent call last):
    ...
    ValueError: Ease would need 12.8 GB for 40,000 items, and has 8.0 GB: take ItemKnn or AlternatingLeastSquares
    """
    needed = 8 * items**2 * copies / 1e9
    if needed > MEMORY_GB:
        raise ValueError(
            f"{estimator} would need {needed:.1f} GB for {items:,} items, and has {MEMORY_GB} GB: "
            "take ItemKnn or AlternatingLeastSquares"
        )


def gram(heard: csr_array) -> NDArray[np.float64]:
    """Return the dense product of a matrix [users, items] with itself, float64 [items, items]."""
    items = heard.shape[1]
    product = np.empty((items, items))
    columns = heard.T.tocsr().astype(np.float64)
    wide = heard.astype(np.float64)
    for start in range(0, items, BLOCK):
        product[start : start + BLOCK] = (columns[start : start + BLOCK] @ wide).toarray()
    return product


def invert(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Invert a positive definite matrix in its own memory, by Cholesky; raises `ValueError` for another one."""
    factor, failed = lapack.dpotrf(matrix.T, lower=0, overwrite_a=1, clean=0)
    if failed:
        raise ValueError("the items cannot be told apart: take a larger regularization")
    inverse, _ = lapack.dpotri(factor, lower=0, overwrite_c=1)
    _mirror(inverse.T)
    return np.asarray(inverse.T)


def _mirror(matrix: NDArray[np.float64]) -> None:
    """Copy the lower triangle into the upper one."""
    for start in range(0, len(matrix), BLOCK):
        rows = slice(start, start + BLOCK)
        square = matrix[rows, rows]
        square[:] = np.tril(square) + np.tril(square, -1).T
        matrix[:start, rows] = matrix[rows, :start].T
