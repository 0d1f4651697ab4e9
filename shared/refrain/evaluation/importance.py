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


def permutation_importance(
    predict: Callable[[Matrix], Floats],
    matrix: Matrix,
    truth: Truth,
    metric: Metric,
    features: Mapping[str, Sequence[int]],
    *,
    repeats: int = 5,
    seed: int = 0,
    max_rows: int = 5000,
) -> list[Importance]:
    """Return by how much the metric gets worse when a feature's values are shuffled among the rows, greatest first.

    Breiman, Random forests, 2001; Fisher, Rudin & Dominici, All models are wrong, but many are useful, 2019. Columns of
    one feature are shuffled together. Two features that say the same share their importance or hide each other's.

    `predict` answers a float32 matrix [rows, columns], and `features` has by name the columns of `matrix` that belong
    to a feature. Of more than `max_rows` rows a sample is taken; one with one class only gives no importance.
    """
    random = np.random.default_rng(seed)
    if len(matrix) > max_rows:
        sample = np.sort(random.choice(len(matrix), max_rows, replace=False))
        matrix, truth = matrix[sample], truth[sample]
    try:
        whole = metric.value(truth, predict(matrix))
    except MetricUndefined:
        return []
    shuffled = matrix.copy()
    importance = []
    for feature, columns in features.items():
        indexes = list(columns)
        losses = []
        for _ in range(repeats):
            shuffled[:, indexes] = matrix[random.permutation(len(matrix))][:, indexes]
            losses.append(metric.gain(whole, metric.value(truth, predict(shuffled))))
        shuffled[:, indexes] = matrix[:, indexes]
        importance.append(Importance(feature, float(np.mean(losses)), float(np.std(losses))))
    return sorted(importance, key=lambda item: -item.loss)
