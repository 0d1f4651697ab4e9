"""Which rows of a window are where the rows of the reference were, and which have moved elsewhere?

Both are counted in the same cells of each feature that surely changed. How much more frequent a row's inputs are in the
window than in the reference is a product over those features, by a logistic regression that tells the two apart. It is
cross-fitted, so that no row decides by itself. A row of the window stays with the probability that the reference has as
many such rows, and a row of the reference with the probability that the window has (the overlap of the two, as in Cai,
Namkoong & Yadlowsky, Diagnosing model performance under distribution shift, 2023).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from refrain.statistics.bins import bin_numbers, number_cells
from refrain.statistics.design_effect import chi_squared_deviation
from refrain.statistics.homogeneity import pearson_statistic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from refrain.arrays import Floats
    from refrain.statistics.bins import Cells

MAX_MOVED_FEATURES = 8
"""So many features that changed most may be causes: all their subsets are looked at."""

SURELY_CHANGED = 3.5
"""So many standard deviations beyond chance a feature has changed: by chance one in 4,000 has."""

COLLAPSED, VARIED = 0.995, 0.97
"""A feature with one cell of at least this share of the window has collapsed, if it had less than that before."""

HARDLY = 0.002
"""Of the reference: what lies beyond has cells of its own, so that numbers in another unit share none with it."""

RIDGE = 2.0
MAX_LOG_RATIO = 30.0
NEWTON_STEPS = 8


@dataclass(frozen=True)
class SharedCells:
    """Both sides in the same cells of each feature: `reference` and `window` [rows, features], and how many cells."""

    reference: Cells
    window: Cells
    widths: tuple[int, ...]

    def counts(self, feature: int) -> tuple[Cells, Cells]:
        """Count the rows of the reference and of the window in the cells of a feature."""
        width = self.widths[feature]
        return (
            np.bincount(self.reference[:, feature], minlength=width),
            np.bincount(self.window[:, feature], minlength=width),
        )


@dataclass(frozen=True)
class LogRatios:
    """The features that changed, and for each the logarithm of how much more frequent a row's cell is in the window."""

    features: tuple[int, ...]
    reference: Floats
    window: Floats


def share_cells(reference: NDArray[np.float32], window: NDArray[np.float32]) -> SharedCells:
    """Choose cells for the features [rows, features] of both sides together, as many rows of each."""
    rows = min(len(reference), len(window))
    cells = []
    for before, now in zip(reference.T, window.T, strict=True):
        edges = _edges(before, np.concatenate([_thinned(before, rows), _thinned(now, rows)]))
        cells.append((number_cells(before, edges), number_cells(now, edges), len(edges) + 2))
    befores, nows, widths = zip(*cells, strict=True)
    return SharedCells(np.stack(befores, axis=1), np.stack(nows, axis=1), widths)


def changed_features(shared: SharedCells) -> list[int]:
    """Return the features whose cells surely differ, those that changed most first, at most `MAX_MOVED_FEATURES`."""
    deviations = np.array([_deviation(*shared.counts(feature)) for feature in range(len(shared.widths))])
    order = np.argsort(-deviations, kind="stable")[:MAX_MOVED_FEATURES]
    return [int(feature) for feature in order if deviations[feature] > SURELY_CHANGED]


def measure_log_ratios(
    shared: SharedCells, features: Sequence[int], folds: tuple[NDArray[np.int64], NDArray[np.int64]]
) -> LogRatios:
    """Measure how much more frequent each row's cell of each feature is in the window; `folds` are 0 or 1 by row.

    A feature that has collapsed to one cell has moved in every row: its old value is in none.
    """
    reference, window = (np.zeros((len(features), len(fold))) for fold in folds)
    for fold in (0, 1) if features else ():
        learned = SharedCells(shared.reference[folds[0] != fold], shared.window[folds[1] != fold], shared.widths)
        for line, (feature, ratios) in enumerate(zip(features, _fit(learned, features), strict=True)):
            if _has_collapsed(*shared.counts(feature)):
                reference[line], window[line] = -MAX_LOG_RATIO, MAX_LOG_RATIO
                continue
            for side, cells, own in ((reference, shared.reference, folds[0]), (window, shared.window, folds[1])):
                side[line, own == fold] = ratios[cells[own == fold, feature]]
    return LogRatios(tuple(features), reference, window)


def _edges(before: NDArray[np.float32], pooled: NDArray[np.float32]) -> list[float]:
    """Return the bounds of cells of both sides together, and those beyond which the reference hardly reaches."""
    before, pooled = before[~np.isnan(before)], pooled[~np.isnan(pooled)]
    edges = bin_numbers(pooled)[0] if len(pooled) else []
    reach = np.quantile(before, [HARDLY, 1 - HARDLY], method="higher") if len(before) else before
    bounds: list[float] = np.unique([*edges, *reach[:1], *np.nextafter(reach[1:], np.float32(np.inf))]).tolist()
    return bounds


def _thinned(values: NDArray[np.float32], rows: int) -> NDArray[np.float32]:
    return values[np.linspace(0, len(values) - 1, rows).astype(np.int64)]


def _deviation(before: Cells, now: Cells) -> float:
    pooled = before + now
    used = pooled > 0
    if used.sum() < 2:
        return 0.0
    squares = pearson_statistic(now[used][np.newaxis], pooled[used], int(now.sum()))
    return float(chi_squared_deviation(squares, int(used.sum()) - 1)[0])


def _has_collapsed(before: Cells, now: Cells) -> bool:
    greatest = int(now.argmax())
    return bool(now[greatest] >= COLLAPSED * now.sum() and before[greatest] < VARIED * before.sum())


def _fit(shared: SharedCells, features: Sequence[int]) -> list[Floats]:
    """Fit the logistic regression with a ridge by Newton's method; return the log ratio of each cell by feature."""
    ends = np.cumsum([shared.widths[feature] for feature in features])
    marks = np.vstack([_one_hot(cells, features, ends) for cells in (shared.reference, shared.window)])
    in_window = np.repeat([0.0, 1.0], [len(shared.reference), len(shared.window)])
    rows = len(in_window)
    weights = np.where(in_window > 0, rows / 2 / max(len(shared.window), 1), rows / 2 / max(len(shared.reference), 1))
    ratios, ridge = np.zeros(ends[-1]), RIDGE * np.eye(ends[-1])
    for _ in range(NEWTON_STEPS):
        chances = 1 / (1 + np.exp(-np.clip(marks @ ratios, -MAX_LOG_RATIO, MAX_LOG_RATIO)))
        slope = marks.T @ (weights * (in_window - chances)) - RIDGE * ratios
        curvature = (marks * (weights * chances * (1 - chances))[:, np.newaxis]).T @ marks + ridge
        ratios = ratios + np.linalg.solve(curvature, slope)
    return np.split(ratios, ends[:-1])


def _one_hot(cells: Cells, features: Sequence[int], ends: NDArray[np.int64]) -> Floats:
    marks = np.zeros((len(cells), ends[-1]))
    for feature, end, width in zip(features, ends, np.diff(ends, prepend=0), strict=True):
        marks[np.arange(len(cells)), end - width + cells[:, feature]] = 1.0
    return marks
