"""Items with the same users are alike: cosine neighbours of items."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, get_args

import numpy as np

from refrain.recommenders.neighbours import Neighbours, clear_diagonal
from refrain.recommenders.recommender import Recommender

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from refrain.recommenders.interaction_matrix import Interactions

type Weighting = Literal["binary", "log", "tfidf", "bm25"]

MAX_INTERACTION_PAIRS = 3e10
"""Pairs of one user's interactions that are multiplied; about seven minutes of one processor."""

MAX_ITEM_PAIRS = 2e10
"""Pairs of items that are compared; about eleven minutes of one processor."""

MAX_HELD_SIMILARITIES = 16_000_000
"""Similarities that are held at a time."""

BM25_K1, BM25_B = 1.2, 0.75


class ItemKnn(Recommender):
    """Sum over the history of cosine similarities, each item to its `neighbours` most similar ones.

    Similarity is x_i·x_j / (|x_i| |x_j| + `shrinkage`), so that few common users count less (Sarwar et al. 2001,
    https://doi.org/10.1145/371920.372071; shrinkage: Koren 2008, https://doi.org/10.1145/1401890.1401944). `weighting`
    says what the interactions x of a user with an item weigh together: 1 (`binary`); 1 + log of their sum (`log`); the
    same times log of all users / users of the item (`tfidf`); or Okapi BM25, with diminishing returns (`bm25`,
    Robertson & Zaragoza 2009, https://doi.org/10.1561/1500000019). With `half_life_days` x_j, the choice that is
    predicted, loses weight with age.
    """

    OPTIONS: ClassVar[Mapping[str, Sequence[float | int | str]]] = {
        "weighting": ("binary", "log", "tfidf", "bm25"),
        "shrinkage": (0.0, 10.0),
    }

    def __init__(
        self,
        neighbours: int | None = 400,
        shrinkage: float | None = None,
        weighting: Weighting | None = None,
        half_life_days: float | None = None,
    ) -> None:
        self.neighbours = neighbours
        self.shrinkage = shrinkage
        self.weighting = weighting
        self.half_life_days = half_life_days

    def check_work(self, interactions: Interactions) -> None:
        """Count the pairs to compare and to multiply."""
        if interactions.items**2 > MAX_ITEM_PAIRS:
            raise ValueError(
                f"ItemKnn would have to compare {float(interactions.items**2):.1e} pairs of items, but has time for "
                f"{MAX_ITEM_PAIRS:.0e}: take AlternatingLeastSquares"
            )
        products = float((np.diff(interactions.weights.indptr).astype(np.float64) ** 2).sum())
        if products > MAX_INTERACTION_PAIRS:
            raise ValueError(
                f"ItemKnn would have to multiply {products:.1e} pairs of interactions, but has time for "
                f"{MAX_INTERACTION_PAIRS:.0e}: take AlternatingLeastSquares, or a shorter training.window"
            )

    def can_fade(self, _: Interactions) -> bool:
        """A half-life costs nothing more."""
        return True

    def _learn(self, interactions: Interactions) -> Neighbours:
        if self.weighting is None or self.weighting not in get_args(Weighting.__value__):
            raise ValueError(f"weighting is one of {', '.join(get_args(Weighting.__value__))}, not {self.weighting!r}")
        if self.shrinkage is None or not self.shrinkage >= 0:
            raise ValueError(f"shrinkage must not be negative, but is {self.shrinkage}")
        weighed = weigh(interactions, self.weighting)
        targets = weighed.copy()
        targets.data = (weighed.data * interactions.decay(self.half_life_days)).astype(np.float32)
        similarities = _similarities(weighed, targets, self.shrinkage)
        return Neighbours.of(similarities, interactions.items, self.neighbours)


def weigh(interactions: Interactions, weighting: Weighting) -> csr_array:
    """Return the interactions [users, items] with weights of this kind, float32."""
    pairs = interactions.binary()
    if weighting == "binary":
        return pairs
    users, item_users = pairs.shape[0], np.bincount(pairs.indices, minlength=interactions.items)
    amount = interactions.weights.data.astype(np.float64)
    if weighting == "bm25":
        lengths = np.asarray(interactions.weights.sum(axis=1), dtype=np.float64)
        length = np.repeat(lengths / max(lengths.mean(), np.finfo(np.float64).tiny), np.diff(pairs.indptr))
        amount = amount * (BM25_K1 + 1) / (amount + BM25_K1 * (1 - BM25_B + BM25_B * length))
    else:
        amount = np.log1p(amount)
    if weighting != "log":
        amount = amount * np.log1p(users / np.maximum(item_users, 1))[pairs.indices]
    pairs.data = amount.astype(np.float32)
    return pairs


def _similarities(weighed: csr_array, targets: csr_array, shrinkage: float) -> Iterator[NDArray[np.float32]]:
    items = weighed.shape[1]
    norms = np.sqrt(np.bincount(weighed.indices, weights=weighed.data.astype(np.float64) ** 2, minlength=items))
    users_of = weighed.T.tocsr()
    step = max(1, MAX_HELD_SIMILARITIES // items)
    for start in range(0, items, step):
        rows = slice(start, start + step)
        block = (users_of[rows] @ targets).toarray()
        block /= np.maximum(np.outer(norms[rows], norms) + shrinkage, np.finfo(np.float32).tiny)
        yield clear_diagonal(block, start)
