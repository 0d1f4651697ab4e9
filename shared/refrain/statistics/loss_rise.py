"""Why has the mean loss risen? Split into rows whose inputs have changed, by feature, and rows whose meaning has.

Rows that stayed (see `statistics.moved_rows`) lose more because the same inputs have come to mean something else. What
is left of the rise came with the rows that moved: they lost something else where they were. A feature's part of that is
its Shapley value over all subsets of the changed features (Shapley 1953; Budhathoki et al., Why did the distribution
change?, 2021). All parts sum up to the rise. Intervals resample units of dependent rows on both sides.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import TYPE_CHECKING

import numpy as np

from refrain.statistics.dependence import sum_units
from refrain.statistics.intervals import percentile_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from refrain.arrays import Floats
    from refrain.statistics.intervals import Interval
    from refrain.statistics.moved_rows import LogRatios

RISE_RESAMPLES = 400


@dataclass(frozen=True)
class LossRows:
    """One side: features [rows, features] as the model gets them, losses and signed errors [rows], and units [rows].

    Units number the rows that depend on each other, from 0.
    """

    matrix: NDArray[np.float32]
    losses: Floats
    errors: Floats
    units: NDArray[np.int64]

    @property
    def folds(self) -> NDArray[np.int64]:
        """Two halves of the rows that know nothing of each other."""
        return self.units % 2

    def fold(self, fold: int) -> LossRows:
        """Return the rows of one half."""
        own = self.folds == fold
        return LossRows(self.matrix[own], self.losses[own], self.errors[own], self.units[own] // 2)


@dataclass(frozen=True)
class Part:
    """A part of a rise, and the interval in which it lies."""

    value: float
    interval: Interval


@dataclass(frozen=True)
class RiseSplit:
    """The rise of the mean loss, the parts of it that came with changed inputs and with changed meaning.

    `features` are the parts of the features whose inputs changed, by their index, the greatest first. `stayed` are the
    probabilities [rows] that rows of the reference and of the window stayed.
    """

    rise: Part
    inputs: Part
    meaning: Part
    features: dict[int, Part]
    stayed: tuple[Floats, Floats]


def rise_deviation(reference: LossRows, window: LossRows) -> float:
    """Return how many standard errors the mean loss of the window lies above that of the reference."""
    square, means = 0.0, []
    for side in (reference, window):
        sums, sizes = sum_units(side.losses[:, np.newaxis], side.units)
        means.append(float(side.losses.mean()))
        square += float(((sums[:, 0] - means[-1] * sizes) ** 2).sum()) / len(side.losses) ** 2
    rise = means[1] - means[0]
    return rise / square**0.5 if square else 0.0


def split_rise(reference: LossRows, window: LossRows, ratios: LogRatios, confidence: float) -> RiseSplit:
    """Split the rise of the mean loss from the reference to the window."""
    random = np.random.default_rng(len(window.losses))
    share_before, lost_before = _resampled(reference, ratios.reference, random)
    share_now, lost_now = _resampled(window, -ratios.window, random)
    meaning = (share_before + share_now) / 2 * (lost_now - lost_before)
    rise = meaning[:, 0]  # of no feature: all rows stay
    moved = rise[:, np.newaxis] - meaning
    parts = [_part(column, confidence) for column in (moved @ shapley_weights(len(ratios.features)).T).T]
    return RiseSplit(
        rise=_part(rise, confidence),
        inputs=_part(moved[:, -1], confidence),
        meaning=_part(meaning[:, -1], confidence),
        features=dict(sorted(zip(ratios.features, parts, strict=True), key=lambda entry: -entry[1].value)),
        stayed=(_staying(ratios.reference), _staying(-ratios.window)),
    )


def shapley_weights(features: int) -> Floats:
    """Return the weight of each subset's worth in each feature's value [features, subsets].

    Bit by bit the number of a subset says which features are in it.

    >>> shapley_weights(2).tolist()
    [[-0.5, 0.5, -0.5, 0.5], [-0.5, -0.5, 0.5, 0.5]]
    """
    subsets = _subsets(features)
    sizes = subsets.sum(axis=1, keepdims=True) - subsets
    weights = 1 / np.array([[features * comb(features - 1, size) for size in line] for line in sizes.tolist()])
    return np.where(subsets, weights, -weights).T.reshape(features, len(subsets))


def _subsets(features: int) -> NDArray[np.bool_]:
    """List all subsets [subsets, features], the empty one first and the whole last."""
    return (np.arange(2**features)[:, np.newaxis] >> np.arange(features) & 1).astype(bool)


def _staying(ratios: Floats) -> Floats:
    """Return the probability that each row stayed, by the log ratios [features, rows] of its features."""
    return np.asarray(np.exp(np.minimum(ratios.sum(axis=0), 0)))


def _resampled(side: LossRows, ratios: Floats, random: np.random.Generator) -> tuple[Floats, Floats]:
    """Return the share of rows that stayed and their mean loss [1 + resamples, subsets]; the first line is as it is."""
    columns = []
    for subset in _subsets(len(ratios)):
        staying = _staying(ratios[subset])
        columns += [staying, staying * side.losses]
    sums, sizes = zip(*(sum_units(column[:, np.newaxis], side.units) for column in columns), strict=True)
    units = len(sizes[0])
    draws = np.vstack([np.ones(units), random.multinomial(units, np.full(units, 1 / units), RISE_RESAMPLES)])
    totals = draws @ np.hstack(sums)
    stayed, lost = totals[:, ::2], totals[:, 1::2]
    return stayed / (draws @ sizes[0])[:, np.newaxis], lost / np.maximum(stayed, 1e-12)


def _part(resamples: Floats, confidence: float) -> Part:
    return Part(float(resamples[0]), percentile_interval(resamples[1:], confidence))
