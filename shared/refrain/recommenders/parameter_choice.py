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
RANDOM_SPLITS = 2
"""Interactions without times are split so many times at random; those with times once, by the newest of each user."""

RANKS = 10

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
    """What is learned in the choice, and what users of these `histories` chose besides: pairs [histories, items]."""

    learned: Interactions
    histories: list[NDArray[np.int64]]
    asked: csr_array
    wanted: csr_array

    @classmethod
    def of(cls, interactions: Interactions, seed: int, most_users: int, most_items: int) -> InnerSplit:
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
        return cls(learned, histories, seen, wanted.binary()[asked])

    @cached_property
    def _wanted_cells(self) -> NDArray[np.bool_]:
        return self.wanted.astype(bool).toarray()

    def ndcg(self, scores: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the NDCG@10 of each history."""
        for row, history in zip(scores, self.histories, strict=True):
            row[history] = -np.inf
        ranked, _ = rank_items(scores, RANKS)
        discounts = 1 / np.log2(np.arange(2, RANKS + 2))
        hits = np.take_along_axis(self._wanted_cells, np.maximum(ranked, 0), axis=1) * (ranked >= 0)
        best = np.cumsum(discounts)[np.minimum(np.diff(self.wanted.indptr), RANKS) - 1]
        return np.asarray(hits @ discounts / best)


def choose_parameters(estimator: Choosing, interactions: Interactions) -> Parameters:
    """Return the best options of all parameters that were not given."""
    options = estimator.open_options()
    if not options:
        return {}
    splits = 1 if np.isfinite(interactions.times).all() else RANDOM_SPLITS
    figures: dict[Key, list[NDArray[np.float64]]] = {}
    bases: dict[Key, Key | None] = {}
    for seed in range(splits):
        split = InnerSplit.of(interactions, seed, MAX_ASKED_USERS // splits, estimator.choice_items(interactions))
        if len(split.histories) < MIN_ASKED_USERS:
            return {name: values[0] for name, values in options.items()}
        for alternative in estimator.alternatives(split):
            key = _key(alternative.parameters, options)
            figures.setdefault(key, []).append(split.ndcg(alternative.scores))
            bases[key] = None if alternative.extends is None else _key(alternative.extends, options)
    ndcg = {key: np.concatenate(parts) for key, parts in figures.items()}
    means = {key: float(values.mean()) for key, values in ndcg.items()}
    base = max((key for key in means if bases[key] is None), key=means.__getitem__)
    best = max((key for key in means if base in (key, bases[key])), key=means.__getitem__)
    gain = ndcg[best] - ndcg[base]
    is_sure = gain.mean() > gain.std() / np.sqrt(len(gain) / splits)  # the splits share their users
    return dict(best if is_sure else base)


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
