"""Metrics of recommendations: truth is how many new items each user chose [users].

Answers are hits [users, list], 1 where the item at this rank was chosen, else 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from refrain.arrays import divided
from refrain.statistics.weighted_figure import WeightedFigure, mean_of

if TYPE_CHECKING:
    from refrain.arrays import Floats, Truth


def prepare_ndcg(length: int, truth: Truth, hits: Floats) -> WeightedFigure:
    """Järvelin & Kekäläinen, Cumulated gain-based evaluation of IR techniques, 2002, with gains of 0 and 1.

    The ideal list has as many hits as possible.
    """
    discounts = 1 / np.log2(np.arange(2, length + 2))
    best = np.append(0.0, np.cumsum(discounts))[np.minimum(truth, length).astype(np.int64)]
    return mean_of(divided(hits[:, :length] @ discounts[: hits.shape[1]], best))


def prepare_recall(length: int, truth: Truth, hits: Floats) -> WeightedFigure:
    """Divide the hits by all items that the user chose."""
    return mean_of(divided(hits[:, :length].sum(axis=1), truth.astype(np.float64)))


def prepare_hit_rate(length: int, _: Truth, hits: Floats) -> WeightedFigure:
    """Count lists with a hit."""
    return mean_of(hits[:, :length].any(axis=1).astype(np.float64))
