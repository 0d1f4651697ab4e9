"""The curves of one model, computed once and of bounded size: at most `MAX_POINTS` points a curve."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from refrain.classes import likeliest
from refrain.lake.model_curves import CalibrationBins, Confusion, Curves, Histogram, Line, Residuals
from refrain.statistics.intervals import NORMAL_95, wilson_interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from preprocessing.definition import Task
    from refrain.arrays import Floats, Truth

MAX_POINTS = 200
CALIBRATION_BINS = 10
HISTOGRAM_BINS = 30
MAX_CONFUSION_CLASSES = 12
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
OTHER_CLASSES = "all others"


def describe_curves(
    task: Task, truth: Truth, answers: Floats, classes: Sequence[str] = (), positive: str | None = None
) -> Curves:
    """Compute all drawings of one model.

    `truth` has class numbers or values [rows], `answers` probabilities [rows, classes] or values [rows] or [rows, 1],
    and `classes` the names in the order of the class numbers. The curves are of the `positive` class; None: of the
    answered label, and the mean over classes.
    """
    answers = np.asarray(answers, dtype=np.float64)
    if task == "regression":
        values, target = answers.reshape(len(truth)), truth.astype(np.float64)
        bins = calibration_curve(target, values, binary=False)
        return Curves(bins, "the value", residuals=residual_quantiles(target, values))
    numbers = truth.astype(np.int64)
    number = None if positive is None else classes.index(positive)
    if positive is not None and number is not None:
        scores, happened = answers[:, number], numbers == number
        other = classes[1 - number] if len(classes) == 2 else OTHER_CLASSES
        title, names = f"the probability of {positive}", (positive, other)
    else:  # of the answered label (top-label calibration: Gupta & Ramdas 2022; Guo et al. 2017)
        scores, happened = answers.max(axis=1), likeliest(answers) == numbers
        title, names = "the probability of the answered label", ("right", "wrong")
    return Curves(
        calibration=calibration_curve(happened.astype(np.float64), scores, binary=True),
        calibration_of=title,
        roc=roc_curve(numbers, answers, number),
        histogram=histogram_bins(happened, scores, title, names),
        confusion=confusion(numbers, answers, classes),
    )


def roc_curve(truth: NDArray[np.int64], probabilities: Floats, positive: int | None = None) -> Line:
    """Return the ROC curve of a class, or the mean curve of each against the rest (Fawcett 2006, chapter 8).

    >>> roc_curve(np.array([0, 1]), np.array([[0.9, 0.1], [0.2, 0.8]]), 1)
    Line(x=[0.0, 0.0, 1.0], y=[0.0, 1.0, 1.0])
    """
    if positive is not None:
        x, y = _thinned(*_roc_of(truth == positive, probabilities[:, positive]))
        return Line(_rounded(x), _rounded(y))
    grid = np.linspace(0, 1, MAX_POINTS // 2)
    numbers = [number for number in np.unique(truth) if not (truth == number).all()]
    if not numbers:
        return Line([], [])
    curves = [np.interp(grid, *_roc_of(truth == number, probabilities[:, number])) for number in numbers]
    return Line(_rounded(np.append(0.0, grid)), _rounded(np.append(0.0, np.mean(curves, axis=0))))


def _roc_of(positive: NDArray[np.bool_], scores: Floats) -> tuple[Floats, Floats]:
    if positive.all() or not positive.any():
        return np.empty(0), np.empty(0)
    descending = np.argsort(-scores, kind="stable")
    last_of_equals = np.append(np.diff(scores[descending]) != 0, True)
    hits = np.cumsum(positive[descending])[last_of_equals]
    false = np.cumsum(~positive[descending])[last_of_equals]
    return np.append(0.0, false / false[-1]), np.append(0.0, hits / hits[-1])


def _thinned(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Keep points at equal distances along a curve that only goes up and to the right."""
    if len(x) <= MAX_POINTS:
        return x, y
    positions = np.linspace(0, x[-1] + y[-1], MAX_POINTS)
    kept = np.unique(np.append(np.searchsorted(x + y, positions[:-1]), len(x) - 1))
    return x[kept], y[kept]


def _rounded(values: Sequence[float] | Floats) -> list[float]:
    return [float(f"{value:.6g}") for value in values]


def quantile_bins(answers: Floats, bins: int = CALIBRATION_BINS) -> list[NDArray[np.int64]]:
    """Return the rows of each bin: about equally many, equal answers always together.

    >>> [list(map(int, rows)) for rows in quantile_bins(np.array([0.1, 0.9, 0.1, 0.5]), 2)]
    [[0, 2], [3, 1]]
    """
    ascending = np.argsort(answers, kind="stable")
    ordered = answers[ascending]
    ideal = np.linspace(0, len(answers), bins + 1).astype(int)[1:-1]
    before = np.searchsorted(ordered, ordered[ideal], side="left")
    after = np.searchsorted(ordered, ordered[ideal], side="right")
    nearest = np.where(ideal - before <= after - ideal, before, after)
    return [rows for rows in np.split(ascending, np.unique(nearest)) if len(rows)]


def calibration_curve(truth: Floats, answers: Floats, *, binary: bool) -> CalibrationBins:
    """Compare the mean answer of each bin with the mean truth, which a calibrated model meets (Bröcker & Smith 2007).

    Intervals are 95 %: Wilson's for shares (Wilson 1927), the normal one for means.
    """
    bins = quantile_bins(answers)
    observed = [float(truth[rows].mean()) for rows in bins]
    bounds = [
        wilson_interval(mean, len(rows)) if binary else _normal(truth[rows])
        for mean, rows in zip(observed, bins, strict=True)
    ]
    return CalibrationBins(
        answered=_rounded([answers[rows].mean() for rows in bins]),
        observed=_rounded(observed),
        low=_rounded([low for low, _ in bounds]),
        high=_rounded([high for _, high in bounds]),
        rows=[len(rows) for rows in bins],
    )


def _normal(values: Floats) -> tuple[float, float]:
    half = NORMAL_95 * float(values.std(ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else 0.0
    return float(values.mean()) - half, float(values.mean()) + half


def residual_quantiles(truth: Floats, values: Floats) -> Residuals:
    """Return quantiles of the residuals (truth minus answer) in bins of the answer: is the error even, is it biased?"""
    bins = quantile_bins(values, 2 * CALIBRATION_BINS)
    quantiles = np.array([np.quantile(truth[rows] - values[rows], QUANTILES) for rows in bins])
    lines = {str(quantile): _rounded(line) for quantile, line in zip(QUANTILES, quantiles.T, strict=True)}
    return Residuals(_rounded([values[rows].mean() for rows in bins]), lines)


def histogram_bins(happened: NDArray[np.bool_], scores: Floats, title: str, names: tuple[str, str]) -> Histogram:
    """Count the rows by score, apart for those where it happened and where it did not."""
    edges = np.linspace(0, 1, HISTOGRAM_BINS + 1)
    parts = zip(names, (happened, ~happened), strict=True)
    series = {name: np.histogram(scores[rows].clip(0, 1), edges)[0].tolist() for name, rows in parts}
    return Histogram(title, _rounded(edges), series)


def confusion(truth: NDArray[np.int64], probabilities: Floats, classes: Sequence[str]) -> Confusion:
    """Count truth against answered label; of many classes the most frequent ones, and the rest together."""
    frequent = np.argsort(-np.bincount(truth, minlength=len(classes)), kind="stable")
    kept = np.sort(frequent[: MAX_CONFUSION_CLASSES - 1] if len(classes) > MAX_CONFUSION_CLASSES else frequent)
    indexes = np.full(len(classes), len(kept))
    indexes[kept] = np.arange(len(kept))
    size = len(kept) + (len(classes) > len(kept))
    cells = np.bincount(indexes[truth] * size + indexes[likeliest(probabilities)], minlength=size * size)
    names = [classes[number] for number in kept] + [OTHER_CLASSES] * (size - len(kept))
    return Confusion(names, cells.reshape(size, size).tolist())
