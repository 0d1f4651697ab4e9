"""Which features does a model rely on? It needs no more than the model's answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from refrain.errors import MetricUndefined
from refrain.lake.evaluation import Importance

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from refrain.arrays import Floats, Truth
    from refrain.statistics.metrics import Metric

    type Matrix = NDArray[np.float32]

MAX_SHUFFLED_ROWS = 10_000
MAX_SHUFFLES = 5

SHUFFLE_VARIANCE = 1.3
"""The variance of one shuffle beside that of the draw of rows: the median of 59 features and models of real data."""

SURE_VARIANCE = (1 + SHUFFLE_VARIANCE / MAX_SHUFFLES) / 5_000
"""Five shuffles of 5,000 rows are sure enough: more rows need fewer shuffles."""


def permutation_importance(
    predict: Callable[[Matrix], Floats],
    matrix: Matrix,
    answers: Floats,
    truth: Truth,
    metric: Metric,
    features: Mapping[str, Sequence[int]],
    seed: int = 0,
) -> list[Importance]:
    """Return by how much the metric gets worse when a feature's values are shuffled among the rows, greatest first.

    Breiman, Random forests, 2001; Fisher, Rudin & Dominici, All models are wrong, but many are useful, 2019. Two
    features that say the same share their importance or hide each other's.

    `predict` answers a float32 matrix [rows, width] with the columns of each of the `features`; `answers` are those to
    `matrix`. Rows that give no figure give no importance.
    """
    random = np.random.default_rng(seed)
    importance = []
    try:
        whole = metric.influence(truth, answers)
        for feature, columns in features.items():
            donors = [random.permutation(len(matrix)) for _ in range(choose_shuffles(len(matrix)))]
            shuffled = [metric.influence(truth, _shuffle(predict, matrix, answers, columns, rows)) for rows in donors]
            losses = np.stack([metric.gain(whole, moved) for moved in shuffled])
            importance.append(Importance(feature, float(losses.mean()), _standard_error(losses, donors)))
    except MetricUndefined:
        return []
    return sorted(importance, key=lambda item: -item.loss)


def _standard_error(losses: Floats, donors: Sequence[NDArray[np.int64]]) -> float:
    """Say how far the mean of `losses` [shuffles, rows] may be from that of all rows there are.

    A row counts twice in each shuffle, as the one that gets a value and as the donor of one; the interaction of the two
    would count twice as well, so it is subtracted once.
    """
    of_donors = [line[np.argsort(rows)] for line, rows in zip(losses, donors, strict=True)]
    moved = (losses + of_donors).mean(axis=0)
    variance = moved.var() - losses.var() / len(losses)
    return float(np.sqrt(max(variance, 0.0) / losses.shape[1]))


def choose_shuffles(rows: int) -> int:
    """Choose how often each feature is shuffled.

    >>> [choose_shuffles(rows) for rows in (100, 5_000, 6_000, 8_000, 10_000)]
    [5, 5, 3, 2, 1]
    """
    variances = [(1 + SHUFFLE_VARIANCE / shuffles) / rows for shuffles in range(1, MAX_SHUFFLES)]
    return 1 + sum(variance > SURE_VARIANCE for variance in variances)


def _shuffle(
    predict: Callable[[Matrix], Floats],
    matrix: Matrix,
    answers: Floats,
    columns: Sequence[int],
    donors: NDArray[np.int64],
) -> Floats:
    """Answer with a feature's values from other rows; only rows that get another value are asked again."""
    before = matrix[:, columns]
    after = before[donors]
    changed = np.flatnonzero(((before != after) & ~(np.isnan(before) & np.isnan(after))).any(axis=1))
    shuffled = answers.copy()
    if len(changed):
        rows = matrix[changed]
        rows[:, columns] = after[changed]
        shuffled[changed] = predict(rows)
    return shuffled
