"""A world in which users take items with chances that are known, and lists are offered with a little exploration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from refrain.statistics.off_policy import Offers, OtherLists

if TYPE_CHECKING:
    from numpy.typing import NDArray

LENGTH, ITEMS, BELOW = 10, 120, 30


@dataclass(frozen=True)
class LoggedWorld:
    """Logged lists, other lists for the same users, and the share of the items of those that would be taken."""

    offers: Offers
    wanted: OtherLists
    users: NDArray[np.int64]
    truth: float


def draw_world(
    seed: int, users: int = 300, lists: int = 10, explore: float = 0.05, base: float = -3.5, novelty: float = 0.3
) -> LoggedWorld:
    """Draw one; `novelty` is how much the other recommender differs, `base` the usual log odds of being taken."""
    draw = np.random.default_rng(seed)
    taste = 0.5 * np.sort(draw.normal(size=ITEMS))[::-1] + 0.7 * draw.normal(size=(users, ITEMS))
    likes = 1 / (1 + np.exp(-(base + 0.5 * draw.normal(size=(users, 1)) + taste)))
    own = taste + 0.7 * draw.normal(size=taste.shape)
    other = own + novelty * draw.normal(size=taste.shape)
    ranked, other_lists = np.argsort(-own, axis=1), np.argsort(-other, axis=1)[:, :LENGTH]
    of_list = np.repeat(np.arange(users), lists)
    count = len(of_list)
    explored = draw.random((count, LENGTH)) < explore
    below = LENGTH + np.argsort(draw.random((count, BELOW)), axis=1)[:, :LENGTH]
    items = np.take_along_axis(ranked[of_list], np.where(explored, below, np.arange(LENGTH)), axis=1)
    chances = np.where(explored, explore * LENGTH / BELOW, 1 - explore)
    taken = draw.random(items.shape) < likes[of_list[:, np.newaxis], items]
    rows = np.repeat(np.arange(count), LENGTH)
    wanted = other_lists[of_list]
    places = np.full((count, ITEMS), -1)
    places[rows, items.ravel()] = np.arange(items.size)
    return LoggedWorld(
        Offers(rows, chances.ravel(), taken.ravel().astype(float), other[of_list[rows], items.ravel()][:, np.newaxis]),
        OtherLists(
            rows,
            np.take_along_axis(places, wanted, axis=1).ravel(),
            other[of_list[rows], wanted.ravel()][:, np.newaxis],
        ),
        of_list,
        float(np.take_along_axis(likes, other_lists, axis=1).mean()),
    )
