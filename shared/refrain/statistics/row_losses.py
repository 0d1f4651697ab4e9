"""The loss of each row, whose mean can be split by rows: what a metric says of all rows together is no sum of them.

Where the metric is a mean, it is the loss itself. A ranking or an F1 cannot be split, so the Brier score stands for it,
and the squared error for what is made of squared errors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from refrain.classes import likeliest
from refrain.statistics.metrics import METRICS

if TYPE_CHECKING:
    from refrain.arrays import Floats, Truth
    from refrain.statistics.metrics import Metric

STAND_INS = {
    "roc_auc": "Brier score",
    "average_precision": "Brier score",
    "f1": "Brier score",
    "balanced_accuracy": "Brier score",
    "accuracy": "share of wrong labels",
    "rmse": "squared error",
    "r2": "squared error",
}
"""What stands for each metric that is no mean loss."""


def loss_title(metric: Metric) -> str:
    """Name the loss of rows that belongs to a metric.

    >>> loss_title(METRICS["roc_auc"]), loss_title(METRICS["mae"])
    ('Brier score', 'MAE')
    """
    return STAND_INS.get(metric.name, metric.title)


def row_losses(metric: Metric, truth: Truth, answers: Floats) -> Floats:
    """Return the loss of each row, greater where the answer is worse. Raises `MetricUndefined`.

    >>> row_losses(METRICS["rmse"], np.array([1.0, 2.0]), np.array([[3.0], [2.0]]))
    array([4., 0.])
    """
    match loss_title(metric):
        case "Brier score":
            return METRICS["brier"].influence(truth, answers)
        case "squared error":
            return METRICS["mae"].influence(truth, answers) ** 2
    losses = metric.influence(truth, answers)
    return 1 - losses if metric.greater_is_better else losses


def signed_errors(metric: Metric, truth: Truth, answers: Floats) -> Floats:
    """Return by how much each row lies above its answer: a value, or whether the label is so less its probability.

    Of two classes it is the second one, of more the one that is answered.

    >>> signed_errors(METRICS["brier"], np.array([1, 0]), np.array([[0.25, 0.75], [0.5, 0.5]])).tolist()
    [0.25, -0.5]
    """
    if metric.task == "regression":
        return np.asarray(truth - answers.reshape(len(truth)))
    label = np.ones(len(truth), np.int64) if answers.shape[1] == 2 else likeliest(answers)
    return np.asarray((truth == label) - answers[np.arange(len(truth)), label])
