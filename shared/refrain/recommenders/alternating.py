"""A factor model for catalogues too large for a matrix of items by items."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from refrain.recommenders.factors import Factors
from refrain.recommenders.recommender import Recommender

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from refrain.recommenders.interaction_matrix import Interactions

MAX_GATHERED_FACTORS = 16_000_000
"""Factors that are gathered at a time."""

MAX_OPERATIONS = 1e13
"""Operations of a whole fit; about nine minutes of one processor, which does 1.9e10 in a second."""


class AlternatingLeastSquares(Recommender):
    """Weighted matrix factorisation of the pairs of user and item (Hu, Koren & Volinsky 2008, https://doi.org/10.1109/ICDM.2008.22).

    A missing pair weighs `unobserved` of a present one, and regularisation grows with the number of interactions as
    Rendle et al. advise (2022, https://arxiv.org/abs/2110.14037). A history is folded in as one sum: x = Σ Z_i with
    Z = Y (YᵀY + λI)⁻¹; its score for an item is x·Y_j.
    """

    OPTIONS: ClassVar[Mapping[str, Sequence[float | int | str]]] = {"regularization": (0.003, 0.01, 0.03)}

    def __init__(
        self,
        factors: int = 64,
        regularization: float | None = None,
        unobserved: float = 0.1,
        iterations: int = 10,
        half_life_days: float | None = None,
        random_state: int = 0,
    ) -> None:
        self.factors = factors
        self.regularization = regularization
        self.unobserved = unobserved
        self.iterations = iterations
        self.half_life_days = half_life_days
        self.random_state = random_state

    def check_work(self, interactions: Interactions) -> None:
        """Count the operations of all iterations."""
        weights = interactions.weights
        operations = 2.0 * self.iterations * (2 * weights.nnz * self.factors**2 + sum(weights.shape) * self.factors**3)
        if operations > MAX_OPERATIONS:
            raise ValueError(
                f"AlternatingLeastSquares would take {operations:.1e} operations, but has time for "
                f"{MAX_OPERATIONS:.0e}: take fewer factors or iterations, or a shorter training.window"
            )

    def _learn(self, interactions: Interactions) -> Factors:
        pairs = interactions.binary()
        random = np.random.default_rng(self.random_state)
        scale = 0.1 / np.sqrt(self.factors)
        items = random.normal(scale=scale, size=(interactions.items, self.factors)).astype(np.float32)
        pairs_by_item = pairs.T.tocsr()
        for _ in range(self.iterations):
            users = self._solve(pairs, items)
            items = self._solve(pairs_by_item, users)
        return Factors.of(items, self._penalty(np.array([pairs.nnz / pairs.shape[0]]), interactions.items)[0])

    def _solve(self, pairs: csr_array, column_factors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the best factors of the rows, given those of the columns."""
        solved = np.zeros((pairs.shape[0], self.factors), dtype=np.float32)
        all_columns = np.float32(self.unobserved) * (column_factors.T @ column_factors)
        padded = np.vstack([column_factors, np.zeros((1, self.factors), dtype=np.float32)])
        lengths = np.diff(pairs.indptr)
        penalties = self._penalty(lengths, pairs.shape[1])
        unit = np.eye(self.factors, dtype=np.float32)
        for rows, columns in _batches(pairs, self.factors):
            gathered = padded[columns]
            left = gathered.transpose(0, 2, 1) @ gathered
            left += all_columns
            left += penalties[rows, None, None] * unit
            solved[rows] = np.linalg.solve(left, gathered.sum(axis=1)[:, :, None])[:, :, 0]
        return solved

    def _penalty(self, lengths: NDArray[np.float64], columns: int) -> NDArray[np.float32]:
        return ((self.regularization or 0.0) * (lengths + self.unobserved * columns)).astype(np.float32)


def _batches(pairs: csr_array, factors: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield rows of about the same length with their columns [rows, length], padded with -1, the shortest first.

    A batch fills at most about twice the cells that its rows need.
    """
    lengths = np.diff(pairs.indptr)
    order = np.argsort(lengths, kind="stable")
    order = order[lengths[order] > 0]
    ordered = lengths[order]
    start = 0
    while start < len(order):
        longest = 2 * int(ordered[start]) + 8
        same = int(np.searchsorted(ordered, longest, side="right"))
        end = max(start + 1, min(same, start + MAX_GATHERED_FACTORS // factors // longest))
        rows = order[start:end]
        offsets = np.arange(lengths[rows[-1]])
        inside = offsets < lengths[rows, None]
        columns = pairs.indices[np.where(inside, pairs.indptr[rows, None] + offsets, 0)]
        yield rows, np.where(inside, columns, -1)
        start = end
