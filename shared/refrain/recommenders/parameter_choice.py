"""Parameters that a definition does not give, chosen by what ranks the held-out part of the training data best.

The choice needs a few fits, so the inner split keeps only the most popular items, and asks about a sample of users.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from scipy.sparse import csr_array

from refrain.recommenders.interaction_matrix import Interactions
from refrain.recommenders.top_k import rank_items
from refrain.statistics.metrics import METRICS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

MAX_CHOICE_ITEMS = 4000
MAX_ASKED_USERS = 1500
MAX_CHOICE_SCORES = 8_000_000
"""Users of one split times items."""

MIN_ASKED_USERS = 20
"""With fewer users to ask, all figures would be chance: the first options are taken."""

HELD_SHARE = 0.2
SPLITS = 2
"""Interactions without times are split so many times at random. Of those with times the newest of each user are held
out, and then the newest of the rest: the question that evaluation asks, some time ago.
"""

USUAL_METRIC = "ndcg@10"

type Parameters = dict[str, float | int | str]
type Key = tuple[tuple[str, float | int | str], ...]


class Alternative(NamedTuple):
    """Parameters, and what they score for the histories of a split, [histories, items].

    One that `extends` other parameters adds a part to the model of these. It competes only where these are the best
    without that part, and has to be surely better than they are.
    """

    parameters: Parameters
    scores: NDArray[np.float32]
    extends: Parameters | None = None


class Choosing(Protocol):
    """An estimator with parameters to choose."""

    def open_options(self) -> Mapping[str, Sequence[float | int | str]]:
        """Return the options of each parameter that was not given, the usual one first."""

    def choice_items(self, interactions: Interactions) -> int:
        """Return how many of the most popular items there is time for."""

    def alternatives(self, split: InnerSplit) -> Iterator[Alternative]:
        """Fit each alternative on a split."""


@dataclass(frozen=True)
class InnerSplit:
    """What is learned in the choice, and what users of these `histories` chose besides: pairs [histories, items].

    Alternatives are judged by the `metric` that decides about the candidates, too.
    """

    learned: Interactions
    users: NDArray[np.int64]
    histories: list[NDArray[np.int64]]
    asked: csr_array
    wanted: csr_array
    metric: str = USUAL_METRIC

    @classmethod
    def of(
        cls, interactions: Interactions, seed: int, most_users: int, most_items: int, metric: str = USUAL_METRIC
    ) -> InnerSplit:
        """Hold out the newest pairs of each user, or random ones where there are no times, but never all of them."""
        weights = interactions.weights
        held = _mark_held(weights.indptr, interactions.times, np.random.default_rng(seed))
        users = np.repeat(np.arange(weights.shape[0]), np.diff(weights.indptr))
        width = min(interactions.items, most_items)
        frequent = weights.indices < width
        learned, wanted = (_select(interactions, users, frequent & side, width) for side in (~held, held))
        most_users = min(most_users, MAX_CHOICE_SCORES // width)
        asked = np.flatnonzero((np.diff(learned.weights.indptr) > 0) & (np.diff(wanted.weights.indptr) > 0))
        if len(asked) > most_users:
            asked = np.sort(np.random.default_rng(seed).choice(asked, most_users, replace=False))
        seen = learned.binary()[asked]
        histories = np.split(seen.indices.astype(np.int64), seen.indptr[1:-1])
        return cls(learned, asked, histories, seen, wanted.binary()[asked], metric)

    @cached_property
    def _wanted_cells(self) -> NDArray[np.bool_]:
        return self.wanted.astype(bool).toarray()

    def judge(self, scores: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the metric of each history."""
        for row, history in zip(scores, self.histories, strict=True):
            row[history] = -np.inf
        ranked, _ = rank_items(scores, int(self.metric.partition("@")[2]))
        hits = np.take_along_axis(self._wanted_cells, np.maximum(ranked, 0), axis=1) * (ranked >= 0)
        return METRICS[self.metric].influence(np.diff(self.wanted.indptr), hits.astype(np.float64))


def choose_parameters(estimator: Choosing, interactions: Interactions, metric: str = USUAL_METRIC) -> Parameters:
    """Return the best options of all parameters that were not given."""
    options = estimator.open_options()
    if not options:
        return {}
    is_timed = bool(np.isfinite(interactions.times).all())
    most_items = estimator.choice_items(interactions)
    figures: dict[Key, list[NDArray[np.float64]]] = {}
    bases: dict[Key, Key | None] = {}
    users: list[NDArray[np.int64]] = []
    for seed in range(SPLITS):
        split = InnerSplit.of(interactions, seed, MAX_ASKED_USERS, most_items, metric)
        if len(split.histories) < MIN_ASKED_USERS:
            break
        users.append(split.users)
        interactions = split.learned if is_timed else interactions
        for alternative in estimator.alternatives(split):
            key = _key(alternative.parameters, options)
            figures.setdefault(key, []).append(split.judge(alternative.scores))
            bases[key] = None if alternative.extends is None else _key(alternative.extends, options)
    if not figures:
        return {name: values[0] for name, values in options.items()}
    judged = {key: np.concatenate(parts) for key, parts in figures.items()}
    means = {key: float(values.mean()) for key, values in judged.items()}
    base = max((key for key in means if bases[key] is None), key=means.__getitem__)
    best = max((key for key in means if base in (key, bases[key])), key=means.__getitem__)
    return dict(best if _is_sure(judged[best] - judged[base], np.concatenate(users)) else base)


def _is_sure(gains: NDArray[np.float64], users: NDArray[np.int64]) -> bool:
    """Tell whether gains are positive by more than a standard error, where those of one user belong together."""
    of_users = np.bincount(users, gains - gains.mean())
    return bool(gains.sum() > np.sqrt(of_users @ of_users))


def _key(parameters: Parameters, options: Mapping[str, object]) -> Key:
    return tuple((name, parameters[name]) for name in options)


def _mark_held(
    starts: NDArray[np.integer], times: NDArray[np.float64], random: np.random.Generator
) -> NDArray[np.bool_]:
    counts = np.diff(starts)
    users = np.repeat(np.arange(len(counts)), counts)
    order = np.lexsort((random.random(len(times)), times, users))
    from_the_end = np.empty(len(times), np.int64)
    from_the_end[order] = starts[1:][users] - 1 - np.arange(len(times))
    held = np.minimum(np.floor(counts * HELD_SHARE + random.random(len(counts))), counts - 1)
    return np.asarray(from_the_end < held[users])


def _select(interactions: Interactions, users: NDArray[np.int64], pairs: NDArray[np.bool_], width: int) -> Interactions:
    weights = interactions.weights
    selected = csr_array((weights.data[pairs], (users[pairs], weights.indices[pairs])), shape=(weights.shape[0], width))
    return Interactions(selected, interactions.times[pairs], interactions.now)
