"""Items with the same users are alike: cosine neighbours of items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from refrain.recommenders.neighbours import Neighbours
from refrain.recommenders.recommender import Recommender

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from refrain.recommenders.interaction_matrix import InteractionMatrix
    from refrain.recommenders.onnx_graph import Graph, Scored

type Weighting = Literal["binary", "log", "tfidf", "bm25"]

MOST_PRODUCTS = 3e10
"""Pairs of interactions of one user that are multiplied; about seven minutes of one processor."""

MOST_SIMILARITIES = 2e10
"""Pairs of items that are looked at; about eleven minutes of one processor."""

CELLS = 16_000_000
"""Similarities that are held at a time."""

BM25_K1, BM25_B = 1.2, 0.75


class ItemKnn(Recommender):
    """Sum over the history of cosine similarities, each item to its `neighbours` most similar ones.

    Similarity is x_i·x_j / (|x_i| |x_j| + `shrinkage`), so that few common users count less (Sarwar et al. 2001,
    https://doi.org/10.1145/371920.372071; shrinkage: Koren 2008, https://doi.org/10.1145/1401890.1401944). `weighting`
    says what the interactions x of a user with an item weigh together: 1 (`binary`); 1 + log of their sum (`log`); the
    same times log of all users / users of the item (`tfidf`); or Okapi BM25, with diminishing returns (`bm25`,
    Robertson & Zaragoza 2009, https://doi.org/10.1561/1500000019).
    """

    neighbours_: Neighbours

    def __init__(
        self,
        neighbours: int | None = 400,
        shrinkage: float = 0.0,
        weighting: Weighting = "binary",
        half_life_days: float | None = None,
    ) -> None:
        self.neighbours = neighbours
        self.shrinkage = shrinkage
        self.weighting = weighting
        self.half_life_days = half_life_days

    def _learn(self, interactions: InteractionMatrix) -> None:
        if self.weighting not in get_args(Weighting.__value__):
            raise ValueError(f"weighting is one of {', '.join(get_args(Weighting.__value__))}, not {self.weighting!r}")
        if not self.shrinkage >= 0:
            raise ValueError(f"shrinkage is not to be negative, but {self.shrinkage}")
        _check_work(interactions)
        similar = _similarities(weigh(interactions, self.weighting), self.shrinkage)
        self.neighbours_ = Neighbours.of(similar, interactions.items, self.neighbours)

    def _scores(self, histories: Sequence[NDArray[np.int64]]) -> NDArray[np.float32]:
        return self.neighbours_.scores(histories)

    def _add_scores(self, graph: Graph, start: str) -> Scored:
        return self.neighbours_.add_scores(graph, start)


def weigh(interactions: InteractionMatrix, weighting: Weighting) -> csr_array:
    """Return the interactions [users, items] with the weights of this kind, float32."""
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


def _similarities(weighed: csr_array, shrinkage: float) -> Iterator[NDArray[np.float32]]:
    items = weighed.shape[1]
    norms = np.sqrt(np.bincount(weighed.indices, weights=weighed.data.astype(np.float64) ** 2, minlength=items))
    users_of = weighed.T.tocsr()
    step = max(1, CELLS // items)
    for start in range(0, items, step):
        rows = slice(start, start + step)
        block = (users_of[rows] @ weighed).toarray()
        block /= np.maximum(np.outer(norms[rows], norms) + shrinkage, np.finfo(np.float32).tiny)
        places = np.arange(len(block))
        block[places, start + places] = 0
        yield block


def _check_work(interactions: InteractionMatrix) -> None:
    if interactions.items**2 > MOST_SIMILARITIES:
        raise ValueError(
            f"ItemKnn would have to look at {float(interactions.items**2):.1e} pairs of items, and has time for "
            f"{MOST_SIMILARITIES:.0e}: take AlternatingLeastSquares"
        )
    products = float((np.diff(interactions.weights.indptr).astype(np.float64) ** 2).sum())
    if products > MOST_PRODUCTS:
        raise ValueError(
            f"ItemKnn would have to multiply {products:.1e} pairs of interactions, and has time for "
            f"{MOST_PRODUCTS:.0e}: take AlternatingLeastSquares, or a shorter training.window"
        )
