"""Recommenders in worlds of tastes: are items found that nobody chose before?

Users and items have shares of twelve genres. An item has a maker, whose genres it mostly has, and a catalogue that
names both. All constants are guesses.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from benchmarks.simulation.cell import Bound, Cell
from refrain.recommenders import FilteredEase, Interactions
from refrain.recommenders.described_items import compare_descriptions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.simulation.cell import Random

    type Texts = dict[str, list[str | None]]

USERS, ITEMS, GENRES, MAKERS = 600, 500, 12, 60
TASTE, CHARM = 5.0, 1.0
"""How much taste and an item's own charm count, beside chance of size 1.3."""
RANKS = 10


def cells() -> list[Cell]:
    """Return all cells of the part."""
    found = (Bound("times popularity", at_least=2.0),)
    return [
        Cell("recommenders", "a tenth of the items is new", partial(offer_new, share=0.1), 20, found, ci_runs=1),
        Cell("recommenders", "a third of the items is new", partial(offer_new, share=0.33), 20, found),
    ]


def offer_new(random: Random, *, share: float) -> dict[str, float]:
    """Hide items from training, and rank only these for each user: recall@10 of what the user chose of them.

    Popularity knows no choice of them. In hindsight one knows how popular they will be.
    """
    chosen, texts = make_choices(random, 30)
    new = np.sort(random.choice(ITEMS, round(share * ITEMS), replace=False))
    seen = np.setdiff1d(np.arange(ITEMS), new)
    learned, wanted = chosen[:, seen], chosen[:, new]
    asked = np.flatnonzero((np.diff(learned.indptr) > 0) & (np.diff(wanted.indptr) > 0))
    fitted = FilteredEase(regularization=200.0, share=1.0, factors=16).fit(
        Interactions(learned, np.full(learned.nnz, np.nan), np.nan)
    )
    described = [{name: [column[item] for item in side] for name, column in texts.items()} for side in (seen, new)]
    fitted.extend(compare_descriptions(*described))
    histories = np.split(learned[asked].indices.astype(np.int64), learned[asked].indptr[1:-1])
    truth = wanted[asked].toarray() > 0
    offered = _recall(fitted.scorer_.scores(histories)[:, len(seen) :], truth)
    unknown = _recall(np.tile(random.random(len(new)), (len(asked), 1)), truth)
    hindsight = _recall(np.tile(truth.sum(axis=0), (len(asked), 1)), truth)
    return {
        "recall@10 among new items": offered,
        "by popularity": unknown,
        "times popularity": offered / unknown,
        "by popularity in hindsight": hindsight,
    }


def make_choices(random: Random, pairs: int) -> tuple[csr_array, Texts]:
    """Return which items each user chose, [users, items] by falling popularity, and what describes the items."""
    makers = random.dirichlet(np.full(GENRES, 0.2), MAKERS)
    maker = random.integers(MAKERS, size=ITEMS)
    genres = 0.7 * makers[maker] + 0.3 * random.dirichlet(np.full(GENRES, 0.2), ITEMS)
    tastes = random.dirichlet(np.full(GENRES, 0.3), USERS)
    liked = TASTE * (tastes @ genres.T) / np.linalg.norm(tastes, axis=1)[:, None] / np.linalg.norm(genres, axis=1)
    wish = liked + CHARM * random.normal(size=ITEMS) + random.gumbel(size=liked.shape)
    best = np.argsort(-wish, axis=1)[:, :pairs]
    order = np.argsort(-np.bincount(best.ravel(), minlength=ITEMS), kind="stable")
    place = np.argsort(order)
    chosen = _pairs(np.repeat(np.arange(USERS), pairs), place[best.ravel()], ITEMS)
    texts: Texts = {
        "maker": [f"maker {number}" for number in maker[order]],
        "genre": [f"genre {number}" for number in genres[order].argmax(axis=1)],
    }
    return chosen, texts


def _pairs(users: NDArray[np.int64], items: NDArray[np.int64], width: int) -> csr_array:
    matrix = csr_array((np.ones(len(users), np.float32), (users, items)), shape=(USERS, width))
    matrix.sort_indices()
    return matrix


def _recall(scores: NDArray[np.floating], truth: NDArray[np.bool_]) -> float:
    ranked = np.argsort(-scores, axis=1, kind="stable")[:, :RANKS]
    return float((np.take_along_axis(truth, ranked, axis=1).sum(axis=1) / truth.sum(axis=1)).mean())
