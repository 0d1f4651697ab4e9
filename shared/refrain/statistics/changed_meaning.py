"""By which feature has the meaning of the inputs changed? By the one whose cells tell best which rows err more.

Where the rise of the loss is concentrated in few cells of a feature, as in a segment whose rows have turned, it is that
feature. Otherwise means and variances of the errors, scaled alike, are compared in the cells of one feature after the
other, as the divergence of two normal distributions (Kullback & Leibler 1951), less what chance gives. A column that
was shuffled shows there: the model errs in proportion to its values. What all cells have in common belongs to none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from refrain.arrays import Floats
    from refrain.statistics.bins import Cells
    from refrain.statistics.moved_rows import SharedCells

    type Sides = tuple[Floats, Floats]
    """Values of the rows of the reference and of the window."""

MIN_CELL_ROWS = 20
WILD = 0.005
"""So many of the values at either end are cut to the one before them."""
MIN_VARIANCE = 0.02
"""Of the variance in the reference: a cell without errors is not infinitely surer than one with a few."""
SURELY_APART = 4.0
"""So many standard deviations beyond chance a feature tells rows apart."""
CONCENTRATED = 1.0
"""The squared coefficient of variation of a rise that lies in one half of the rows, and in none of the other."""


@dataclass(frozen=True)
class _Moments:
    """Of each cell the weight of its rows, how many rows that is worth, and mean and variance of a value."""

    weight: Floats
    rows: Floats
    mean: Floats
    variance: Floats


def feature_of_meaning(shared: SharedCells, losses: Sides, errors: Sides, stayed: Sides) -> int | None:
    """Return the feature by which the meaning changed most; None where no feature tells which rows err otherwise.

    `losses` and signed `errors` are those of rows that stayed with a probability of `stayed`.
    """
    uneven = [_concentration(*moments) for moments in _moments_by_feature(shared, losses, stayed)]
    best = max(range(len(uneven)), key=lambda feature: uneven[feature][0])
    if uneven[best][0] >= CONCENTRATED and uneven[best][1] > SURELY_APART:
        return best
    scaled = _scaled(errors[0], stayed[0]), _scaled(errors[1], stayed[1])
    apart = [_divergence(*moments) for moments in _moments_by_feature(shared, scaled, stayed)]
    best = max(range(len(apart)), key=lambda feature: apart[feature][0])
    return best if apart[best][0] > SURELY_APART * apart[best][1] else None


def _scaled(errors: Floats, stayed: Floats) -> Floats:
    """Return the errors with mean 0 and variance 1, so that a change in all cells alike is none."""
    total = max(float(stayed.sum()), 1e-12)
    centred = errors - float(stayed @ errors) / total
    return np.asarray(centred / max(float(stayed @ centred**2) / total, 1e-300) ** 0.5)


def _moments_by_feature(shared: SharedCells, values: Sides, stayed: Sides) -> list[tuple[_Moments, _Moments]]:
    """Return the moments in the cells of each feature, before and now."""
    ends = np.quantile(np.concatenate(values), [WILD, 1 - WILD])
    sides = [np.clip(side, *ends) for side in values]
    least = MIN_VARIANCE * max(float(sides[0].var()), 1e-12)
    return [
        (_moments(before, sides[0], stayed[0], width, least), _moments(now, sides[1], stayed[1], width, least))
        for before, now, width in zip(shared.reference.T, shared.window.T, shared.widths, strict=True)
    ]


def _moments(cells: Cells, values: Floats, stayed: Floats, width: int, least: float) -> _Moments:
    weight, square, total, squares = (
        np.bincount(cells, weights, width) for weights in (stayed, stayed**2, stayed * values, stayed * values**2)
    )
    mean, variance = (sums / np.maximum(weight, 1e-12) for sums in (total, squares))
    return _Moments(weight, weight**2 / np.maximum(square, 1e-12), mean, np.maximum(variance - mean**2, least))


def _shares(before: _Moments, now: _Moments) -> Floats:
    """Return the share of each cell in the window, of the cells with enough rows."""
    weight = np.where(np.minimum(before.rows, now.rows) >= MIN_CELL_ROWS, now.weight, 0.0)
    return np.asarray(weight / max(float(weight.sum()), 1e-12))


def _concentration(before: _Moments, now: _Moments) -> tuple[float, float]:
    """Return how unevenly the rise lies in the cells, less what chance gives, and that in standard deviations."""
    shares, rise = _shares(before, now), now.mean - before.mean
    chance = before.variance / np.maximum(before.rows, 1) + now.variance / np.maximum(now.rows, 1)
    mean = float(shares @ rise)
    uneven = float(shares @ ((rise - mean) ** 2 - chance))
    return uneven / max(mean**2, 1e-300), uneven / max(float(2 * shares**2 @ chance**2) ** 0.5, 1e-300)


def _divergence(before: _Moments, now: _Moments) -> tuple[float, float]:
    """Return the mean divergence of the cells, less its expectation by chance, and its spread."""
    shares, ratio = _shares(before, now), now.variance / before.variance
    divergence = (ratio + (now.mean - before.mean) ** 2 / before.variance - 1 - np.log(ratio)) / 2
    chance = 1 / np.maximum(before.rows, 1) + 1 / np.maximum(now.rows, 1)
    return float(shares @ (divergence - chance)), float(shares**2 @ chance**2) ** 0.5
