"""Which features does a model rely on? Asked of any model that answers, without knowing what is inside."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from refrain.arrays import Floats, Truth
from refrain.errors import MetricUndefined
from refrain.lake.evaluation import Importance
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
    most_rows: int = 5000,
) -> list[Importance]:
    """Return by how much the metric gets worse when a feature's values are shuffled among the rows, greatest first.

    Breiman, Random forests, 2001; Fisher, Rudin & Dominici, All models are wrong, but many are useful, 2019. Columns of
    one feature are shuffled together. Two features that say the same share their importance or hide each other's.

    Args:
        predict: answers of the model for a float32 matrix [rows, columns].
        matrix: the holdout's; left as it is.
        truth: [rows].
        metric: which figure is looked at.
        features: by name, the columns of the matrix that belong to it.
        repeats: how often each feature is shuffled.
        seed: of rows chosen and of the shuffles.
        most_rows: more rows than this are sampled; when the sample gives no figure (one class only), nothing is found.
    """
    random = np.random.default_rng(seed)
    if len(matrix) > most_rows:
        chosen = np.sort(random.choice(len(matrix), most_rows, replace=False))
        matrix, truth = matrix[chosen], truth[chosen]
    try:
        whole = metric.value(truth, predict(matrix))
    except MetricUndefined:
        return []
    shuffled = matrix.copy()
    found: list[Importance] = []
    for feature, columns in features.items():
        places = list(columns)
        losses = []
        for _ in range(repeats):
            shuffled[:, places] = matrix[random.permutation(len(matrix))][:, places]
            losses.append(metric.gain(whole, metric.value(truth, predict(shuffled))))
        shuffled[:, places] = matrix[:, places]
        found.append({"feature": feature, "loss": float(np.mean(losses)), "deviation": float(np.std(losses))})
    return sorted(found, key=lambda each: -each["loss"])
