"""Linear models that predict each item from all others, in closed form: EASE, alone or beside a graph filter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import diags_array
from scipy.sparse.linalg import svds

from refrain.recommenders.neighbours import Neighbours, clear_diagonal
from refrain.recommenders.recent_targets import recent_directions, recent_weights
from refrain.recommenders.recommender import Recommender
from refrain.recommenders.ridge import BLOCK, ridge_inverse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from refrain.recommenders.interaction_matrix import Interactions


class Ease(Recommender):
    """Embarrassingly shallow autoencoder (Steck 2019, https://arxiv.org/abs/1905.03375).

    With P the inverse of XᵀX + Λ, the weights are -P_ij / P_jj, and 0 on the diagonal. Λ is `regularization` for each
    item. With `dropout` p it grows by p / (1 - p) times the item's users, as if a share p of each history were hidden
    in training (EDLAE, Steck 2020, https://papers.nips.cc/paper/2020/hash/e33d974aae13e4d877477d51d8bafdc4). Memory is
    8 bytes × items², and time grows with items³; with fewer users than items the number of users counts instead.

    With `half_life_days` the histories predict recent interactions above all (see `recent_targets`).
    """

    def __init__(
        self,
        regularization: float = 200.0,
        dropout: float = 0.0,
        neighbours: int | None = 400,
        half_life_days: float | None = None,
    ) -> None:
        self.regularization = regularization
        self.dropout = dropout
        self.neighbours = neighbours
        self.half_life_days = half_life_days

    def _learn(self, interactions: Interactions) -> Neighbours:
        return Neighbours.of(self._weights(interactions), interactions.items, self.neighbours)

    def _weights(self, interactions: Interactions) -> Iterator[NDArray[np.float32]]:
        """Yield blocks of rows of the weights [items, items], with a diagonal of 0."""
        if not self.regularization > 0:
            raise ValueError(f"regularization must be more than 0, not {self.regularization}")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout must be at least 0 and less than 1, not {self.dropout}")
        pairs = interactions.binary()
        item_users = np.bincount(pairs.indices, minlength=interactions.items)
        penalty = np.asarray(self.regularization + self.dropout / (1 - self.dropout) * item_users, dtype=np.float64)
        inverse = ridge_inverse(pairs, penalty)
        if self.half_life_days is not None:
            yield from recent_weights(pairs, interactions.targets(self.half_life_days), inverse)
            return
        for start in range(0, interactions.items, BLOCK):
            block = -inverse.rows(start, start + BLOCK) / inverse.diagonal
            yield clear_diagonal(block, start).astype(np.float32)


class FilteredEase(Ease):
    """`Ease`, which learns from neighbours, plus `share` times a low-pass filter of the graph of users and items.

    The filter keeps the `factors` largest singular directions V of the interactions, with each item divided by the
    number of its users to the power `damping`: D^-damping V φ Vᵀ D^`lift`, with φ = (σ / σ₂)^(2 `smoothing`), 1 at most
    (ideal low-pass: Shen et al. 2021, https://arxiv.org/abs/2108.07567; damping and smoothing as in Turbo-CF, Park et
    al. 2024, https://arxiv.org/abs/2404.14243). Both parts are close to projections, so they are added without scaling.
    """

    def __init__(
        self,
        regularization: float = 60.0,
        dropout: float = 0.5,
        factors: int = 128,
        share: float = 1.0,
        damping: float = 0.25,
        lift: float = 0.05,
        smoothing: float = 0.2,
        neighbours: int | None = 400,
        half_life_days: float | None = None,
    ) -> None:
        super().__init__(regularization, dropout, neighbours, half_life_days)
        self.factors = factors
        self.share = share
        self.damping = damping
        self.lift = lift
        self.smoothing = smoothing

    def _weights(self, interactions: Interactions) -> Iterator[NDArray[np.float32]]:
        start = 0
        into, out = self._filter(interactions)
        for block in super()._weights(interactions):
            stop = start + len(block)
            yield block + clear_diagonal(into[start:stop] @ out.T, start)
            start = stop

    def _filter(self, interactions: Interactions) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the two sides of the filter, float32 [items, factors] each."""
        pairs = interactions.binary().astype(np.float64)
        item_users = np.maximum(np.bincount(pairs.indices, minlength=interactions.items), 1)
        damped = pairs @ diags_array(item_users**-self.damping)
        factors = min(self.factors, min(pairs.shape) - 1)
        if factors < 1:
            return (np.zeros((interactions.items, 1), np.float32),) * 2
        _, sizes, directions = svds(damped, k=factors, v0=np.ones(min(pairs.shape)), return_singular_vectors="vh")
        second = np.sort(sizes)[-min(2, factors)]
        passed = self.share * np.minimum(sizes / second, 1) ** (2 * self.smoothing)
        scale = item_users.mean() ** (self.damping - self.lift)
        into = directions.T * passed * scale * item_users[:, None] ** -self.damping
        out = directions.T
        if self.half_life_days is not None:
            targets = interactions.targets(self.half_life_days) @ diags_array(item_users**-self.damping)
            out = recent_directions(damped, targets, sizes, directions)
        return into.astype(np.float32), (out * item_users[:, None] ** self.lift).astype(np.float32)
