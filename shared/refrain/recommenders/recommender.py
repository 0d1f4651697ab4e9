"""What all recommenders share: the popular items as fallback, the ranking, and the frame of the graph.

The popular items alone are the simplest recommender.
"""

from __future__ import annotations

from abc import abstractmethod
from itertools import product
from typing import TYPE_CHECKING, ClassVar, Protocol, Self

import numpy as np
from scipy.sparse import csr_array, diags_array
from sklearn.base import BaseEstimator, clone

from refrain.recommenders.half_life_choice import CENTURY, choose_half_life
from refrain.recommenders.onnx_graph import Graph, Scored, add_ranking, add_start
from refrain.recommenders.parameter_choice import MAX_CHOICE_ITEMS, USUAL_METRIC, Alternative, choose_parameters
from refrain.recommenders.top_k import rank_items

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from refrain.recommenders.interaction_matrix import Interactions
    from refrain.recommenders.parameter_choice import InnerSplit, Parameters

MAX_HELD_SCORES = 4_000_000
"""Scores held at a time."""


class Scorer(Protocol):
    """What an estimator learned: the scores of histories, in numpy and as a graph."""

    def scores(self, histories: Sequence[NDArray[np.int64]]) -> NDArray[np.float32]:
        """Return a score for each history and item, [histories, items]; those of empty histories do not count."""

    def add_scores(self, graph: Graph, start: str) -> Scored:
        """Add the same to a graph, on top of the scores `start` [requests, items + 1]."""

    def extended(self, relatives: csr_array) -> Scorer:
        """Add new items, for each of which a mean of items stands: [items, new items]."""


class Recommender(BaseEstimator):  # type: ignore[misc]
    """Base of the estimators, which implement `_learn`.

    A parameter of None that is one of `OPTIONS` is chosen on the interactions: `chosen_` holds what was chosen.
    `popularity_` float32 [items] holds the shares of users at the time of training: the scores of a history
    without a known item.
    """

    OPTIONS: ClassVar[Mapping[str, Sequence[float | int | str]]] = {}

    half_life_days: float | None
    chosen_: Parameters
    popularity_: NDArray[np.float32]
    scorer_: Scorer

    def fit(self, interactions: Interactions, metric: str = USUAL_METRIC) -> Self:
        """Learn, and choose by this metric; the same interactions give the same model.

        Raises `ValueError` for unusable ones.
        """
        interactions.check()
        self.check_work(interactions)
        half_life = choose_half_life(self, interactions, metric)
        self.chosen_ = half_life | choose_parameters(self._with(half_life), interactions, metric)
        complete = self._with(self.chosen_) if self.chosen_ else self
        self.popularity_ = interactions.shares(complete.half_life_days)
        self.scorer_ = complete._learn(interactions)
        return self

    def check_work(self, interactions: Interactions) -> None:
        """Raise `ValueError` for more work, or memory, than there is, before anything is chosen or learned."""

    @property
    def fades(self) -> bool:
        """Whether old interactions count less than new ones."""
        return self.half_life_days is not None and self.half_life_days < CENTURY

    def can_fade(self, _: Interactions) -> bool:
        """Tell whether a half-life acts on what is learned, and whether there is time for it."""
        return False

    def score_half_lives(self, split: InnerSplit, half_lives: Sequence[float]) -> Iterator[NDArray[np.float32]]:
        """Score the histories of a split by a model of each half-life, with the usual options of all else."""
        for days in half_lives:
            yield self._usual_model(days)._learn(split.learned).scores(split.histories)

    def _usual_model(self, half_life_days: float) -> Self:
        usual = {name: options[0] for name, options in self.open_options().items()}
        return self._with({**usual, "half_life_days": half_life_days})

    def open_options(self) -> dict[str, Sequence[float | int | str]]:
        """Return the options of each parameter that was not given, the usual one first."""
        return {name: options for name, options in self.OPTIONS.items() if getattr(self, name) is None}

    def choice_items(self, _: Interactions) -> int:
        """Return how many items take part in the choice of parameters."""
        return MAX_CHOICE_ITEMS

    def alternatives(self, split: InnerSplit) -> Iterator[Alternative]:
        """Fit each combination of options on a split."""
        options = self.open_options()
        for values in product(*options.values()):
            parameters = dict(zip(options, values, strict=True))
            yield Alternative(parameters, self._with(parameters)._learn(split.learned).scores(split.histories))

    def _with(self, parameters: Parameters) -> Self:
        """Return a copy that is not fitted, with these parameters."""
        changed: Self = clone(self).set_params(**parameters)
        return changed

    def extend(self, likeness: csr_array) -> None:
        """Add items that nobody has chosen, after all others: for each stands the mean of the items that are like it.

        The mean is weighed by the likeness [items, new items], which is positive for at least one of them.
        """
        self.scorer_ = self.scorer_.extended(csr_array(likeness @ diags_array(1 / likeness.sum(axis=0))))
        self.popularity_ = np.pad(self.popularity_, (0, likeness.shape[1]))

    def recommend(
        self, histories: Sequence[NDArray[np.int64]], k: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return items int64 [histories, k] and scores float32, best first, without those of the history.

        A history holds codes of items, the oldest first, each once. Where fewer than `k` items are left, the rest is
        item -1 with score -inf.
        """
        items, scores = np.empty((len(histories), k), dtype=np.int64), np.empty((len(histories), k), dtype=np.float32)
        step = max(1, MAX_HELD_SCORES // len(self.popularity_))
        for start in range(0, len(histories), step):
            block = slice(start, start + step)
            block_scores = self.scorer_.scores(histories[block])
            for row, history in enumerate(histories[block]):
                if not len(history):
                    block_scores[row] = self.popularity_
                block_scores[row, history] = -np.inf
            items[block], scores[block] = rank_items(block_scores, k)
        return items, scores

    def export(self) -> bytes:
        """Return the graph that `refrain.recommenders.onnx_graph` describes; the same model gives the same bytes."""
        graph = Graph()
        start = add_start(graph, self._usual(), self.popularity_)
        add_ranking(graph, self.scorer_.add_scores(graph, start))
        return graph.model()

    def _usual(self) -> NDArray[np.float32]:
        """Return the scores [items] that a request with a history starts from."""
        return np.zeros_like(self.popularity_)

    @abstractmethod
    def _learn(self, interactions: Interactions) -> Scorer:
        """Learn what scores histories."""


class Popularity(Recommender):
    """Each item's share of all pairs of user and item, of which each counts half after `half_life_days`.

    The same items for everybody are the floor that every other recommender must exceed.
    """

    def __init__(self, half_life_days: float | None = None) -> None:
        self.half_life_days = half_life_days

    def scores(self, histories: Sequence[NDArray[np.int64]]) -> NDArray[np.float32]:
        """Return the same scores for every history."""
        return np.tile(self.popularity_, (len(histories), 1))

    def add_scores(self, _graph: Graph, start: str) -> Scored:
        """Add nothing: the graph starts from the shares."""
        return Scored(start)

    def extended(self, _relatives: csr_array) -> Self:
        """Return itself: new items have no share."""
        return self

    def _learn(self, _: Interactions) -> Self:
        return self

    def _usual(self) -> NDArray[np.float32]:
        return self.popularity_
