"""Linear models that predict each item from all others, in closed form: EASE, alone or beside a graph filter."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from scipy.sparse import diags_array
from scipy.sparse.linalg import svds

from refrain.recommenders.half_life_choice import CENTURY
from refrain.recommenders.neighbours import Neighbours, clear_diagonal
from refrain.recommenders.parameter_choice import MAX_CHOICE_ITEMS, Alternative
from refrain.recommenders.recent_targets import (
    MAX_OPERATIONS,
    check_products,
    count_operations,
    recent_directions,
    recent_scores,
    recent_weights,
)
from refrain.recommenders.recommender import Recommender
from refrain.recommenders.ridge import BLOCK, check_inverse, ridge_inverse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from refrain.recommenders.interaction_matrix import Interactions
    from refrain.recommenders.parameter_choice import InnerSplit, Parameters
    from refrain.recommenders.ridge import Inverse


class Ease(Recommender):
    """Embarrassingly shallow autoencoder (Steck 2019, https://arxiv.org/abs/1905.03375).

    With P the inverse of XᵀX + Λ, the weights are -P_ij / P_jj, and 0 on the diagonal. Λ is `regularization` for each
    item. With `dropout` p it grows by p / (1 - p) times the item's users, as if a share p of each history were hidden
    in training (EDLAE, Steck 2020, https://papers.nips.cc/paper/2020/hash/e33d974aae13e4d877477d51d8bafdc4). Memory is
    8 bytes × items², and time grows with items³; with fewer users than items the number of users counts instead.

    With `half_life_days` the histories predict recent interactions above all (see `recent_targets`).
    """

    OPTIONS: ClassVar[Mapping[str, Sequence[float | int | str]]] = {"regularization": (200.0, 60.0, 600.0)}

    def __init__(
        self,
        regularization: float | None = None,
        dropout: float = 0.0,
        neighbours: int | None = 400,
        half_life_days: float | None = None,
    ) -> None:
        self.regularization = regularization
        self.dropout = dropout
        self.neighbours = neighbours
        self.half_life_days = half_life_days

    def check_work(self, interactions: Interactions) -> None:
        """Ask for the room of the inverse, and for the time of a half-life."""
        check_inverse(*interactions.weights.shape)
        if self.fades:
            check_products(interactions.items, interactions.weights.nnz)

    def can_fade(self, interactions: Interactions) -> bool:
        """Tell whether there is time for a half-life."""
        return count_operations(interactions.items, interactions.weights.nnz) <= MAX_OPERATIONS

    def score_half_lives(self, split: InnerSplit, half_lives: Sequence[float]) -> Iterator[NDArray[np.float32]]:
        """Score the histories of a split by a model of each half-life, all of the same inverse and without a filter."""
        usual = self._usual_model(CENTURY)
        yield from usual._score_fading(split, usual._invert(split.learned), half_lives)

    def _learn(self, interactions: Interactions) -> Neighbours:
        return Neighbours.of(self._weights(interactions), interactions.items, self.neighbours)

    def choice_items(self, interactions: Interactions) -> int:
        """Keep all items where there are few users and no half-life: time grows with the smaller side."""
        is_quick = not self.fades and interactions.weights.shape[0] <= MAX_CHOICE_ITEMS
        return interactions.items if is_quick else MAX_CHOICE_ITEMS

    def alternatives(self, split: InnerSplit) -> Iterator[Alternative]:
        """Fit each regularization on a split."""
        fixed = () if self.regularization is None else (self.regularization,)
        for regularization in self.open_options().get("regularization", fixed):
            parameters: Parameters = {"regularization": regularization}
            yield Alternative(parameters, self._with(parameters)._score(split))

    def _score(self, split: InnerSplit) -> NDArray[np.float32]:
        """Score the histories of a split by all neighbours, without the filter."""
        inverse = self._invert(split.learned)
        if self.half_life_days is None or not self.fades:
            return np.asarray(-inverse.times(split.asked) / inverse.diagonal, np.float32)
        return self._score_fading(split, inverse, (self.half_life_days,))[0]

    def _score_fading(
        self, split: InnerSplit, inverse: Inverse, half_lives: Sequence[float]
    ) -> list[NDArray[np.float32]]:
        targets = [split.learned.targets(days) for days in half_lives]
        return recent_scores(split.asked, split.learned.binary(), targets, inverse)

    def _weights(self, interactions: Interactions) -> Iterator[NDArray[np.float32]]:
        """Yield blocks of rows of the weights [items, items], with a diagonal of 0."""
        inverse = self._invert(interactions)
        if self.fades:
            yield from recent_weights(interactions.binary(), interactions.targets(self.half_life_days), inverse)
            return
        for start in range(0, interactions.items, BLOCK):
            block = -inverse.rows(start, start + BLOCK) / inverse.diagonal
            yield clear_diagonal(block, start).astype(np.float32)

    def _invert(self, interactions: Interactions) -> Inverse:
        if self.regularization is None or not self.regularization > 0:
            raise ValueError(f"regularization must be more than 0, not {self.regularization}")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout must be at least 0 and less than 1, not {self.dropout}")
        pairs = interactions.binary()
        item_users = np.bincount(pairs.indices, minlength=interactions.items)
        penalty = np.asarray(self.regularization + self.dropout / (1 - self.dropout) * item_users, dtype=np.float64)
        return ridge_inverse(pairs, penalty)


class FilteredEase(Ease):
    """`Ease`, which learns from neighbours, plus `share` times a low-pass filter of the graph of users and items.

    The filter keeps the `factors` largest singular directions V of the interactions, with each item divided by the
    number of its users to the power `damping`: D^-damping V φ Vᵀ D^`lift`, with φ = (σ / σ₂)^(2 `smoothing`), 1 at most
    (ideal low-pass: Shen et al. 2021, https://arxiv.org/abs/2108.07567; damping and smoothing as in Turbo-CF, Park et
    al. 2024, https://arxiv.org/abs/2404.14243). Both parts are close to projections, so they are added without scaling.
    """

    OPTIONS: ClassVar[Mapping[str, Sequence[float | int | str]]] = {
        **Ease.OPTIONS,
        "share": (0.0, 1.0),
        "factors": (16, 128),
    }

    def __init__(
        self,
        regularization: float | None = None,
        dropout: float = 0.45,
        factors: int | None = None,
        share: float | None = None,
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

    def alternatives(self, split: InnerSplit) -> Iterator[Alternative]:
        """Fit each regularization, alone and with each filter."""
        options = self.open_options()
        counts, shares = (options.get(name, (getattr(self, name),)) for name in ("factors", "share"))
        into, out = self._filter(split.learned, max(counts))
        filters = {count: (split.asked @ into[:, :count]) @ out[:, :count].T for count in counts}
        for plain in super().alternatives(split):
            unfiltered = plain.parameters | {"share": 0.0, "factors": counts[0]}
            for share in shares:
                for count in counts if share else counts[:1]:
                    parameters = plain.parameters | {"share": share, "factors": count}
                    extends = unfiltered if share and 0.0 in shares else None
                    yield Alternative(parameters, plain.scores + np.float32(share) * filters[count], extends)

    def _weights(self, interactions: Interactions) -> Iterator[NDArray[np.float32]]:
        if not self.share or not self.factors:
            yield from super()._weights(interactions)
            return
        start = 0
        into, out = self._filter(interactions, self.factors)
        into *= np.float32(self.share)
        for block in super()._weights(interactions):
            stop = start + len(block)
            yield block + clear_diagonal(into[start:stop] @ out.T, start)
            start = stop

    def _filter(self, interactions: Interactions, count: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the two sides of the filter, float32 [items, factors] each, the largest directions first."""
        pairs = interactions.binary().astype(np.float64)
        item_users = np.maximum(np.bincount(pairs.indices, minlength=interactions.items), 1)
        damped = pairs @ diags_array(item_users**-self.damping)
        factors = min(count, min(pairs.shape) - 1)
        if factors < 1:
            return (np.zeros((interactions.items, 1), np.float32),) * 2
        _, sizes, directions = svds(damped, k=factors, v0=np.ones(min(pairs.shape)), return_singular_vectors="vh")
        largest = np.argsort(-sizes, kind="stable")
        sizes, directions = sizes[largest], directions[largest]
        passed = np.minimum(sizes / sizes[min(1, factors - 1)], 1) ** (2 * self.smoothing)
        scale = item_users.mean() ** (self.damping - self.lift)
        into = directions.T * passed * scale * item_users[:, None] ** -self.damping
        out = directions.T
        if self.fades:
            targets = interactions.targets(self.half_life_days) @ diags_array(item_users**-self.damping)
            out = recent_directions(damped, targets, sizes, directions)
        return into.astype(np.float32), (out * item_users[:, None] ** self.lift).astype(np.float32)
