"""The metrics by which models are compared, each computed for thousands of resamples at once.

A metric is prepared once for one model's answers (sorting, errors of rows, hits) and gives a `WeightedFigure`. Its
`Score` takes a matrix of row weights, one line a resample: the bootstrap never sorts, copies or loops over rows again.
Its influence values say how much each row moves the figure.

Truth is class numbers [rows] or values [rows]; answers are probabilities [rows, classes] or values [rows] or [rows, 1].
For recommendations a row is a user: truth is how many new items the user chose [users]; answers are hits [users, list],
1 where the item at this rank was chosen, else 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from preprocessing.rules_section import METRICS as NAMES
from refrain.arrays import divided
from refrain.classes import likeliest
from refrain.errors import MetricUndefined
from refrain.statistics.roc_auc import area_under_roc
from refrain.statistics.weighted_figure import WeightedFigure, mean_of, mean_over_classes, ratio_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from preprocessing.definition import Task
    from refrain.arrays import Floats, Score, Truth


@dataclass(frozen=True)
class Metric:
    """How good answers are: `prepare` turns truth and one model's answers into a figure of weighted rows.

    `best_constant` finds, among all constants, the best answer to the values of a regression's target.

    >>> truth = np.array([0, 0, 1, 1])
    >>> answers = np.array([[0.9, 0.1], [0.6, 0.4], [0.65, 0.35], [0.2, 0.8]])
    >>> METRICS["roc_auc"].value(truth, answers)
    0.75
    """

    name: str
    title: str
    task: Task
    greater_is_better: bool
    prepare: Callable[[Truth, Floats], WeightedFigure]
    undefined_when: str = "there are no rows"
    best_constant: Callable[[Floats], np.floating] = np.mean

    def score(self, truth: Truth, answers: Floats) -> Score:
        """Prepare for one model's answers. Raises `MetricUndefined` when an answer is not a finite number."""
        return self._prepared(truth, answers).score

    def influence(self, truth: Truth, answers: Floats) -> Floats:
        """Return values [rows] whose plain mean is the figure, and whose variance over their number is its variance.

        With them, figures of any metric compare row by row. Raises `MetricUndefined` when these rows give no figure.

        >>> METRICS["mae"].influence(np.array([1.0, 2.0]), np.array([1.5, 2.0]))
        array([0.5, 0. ])
        """
        self.value(truth, answers)
        return self._prepared(truth, answers).influence()

    def _prepared(self, truth: Truth, answers: Floats) -> WeightedFigure:
        answers = np.asarray(answers, dtype=np.float64)
        bad = int((~np.isfinite(answers)).sum())
        if bad:
            raise MetricUndefined(f"{self.title} cannot be computed: {bad} of its answers are not numbers")
        return self.prepare(truth, answers.reshape(len(truth)) if self.task == "regression" else answers)

    def value(self, truth: Truth, answers: Floats, weights: Floats | None = None) -> float:
        """Compute the figure on all rows, each counted once or by its weight [rows].

        Raises `MetricUndefined` when these rows give no figure.
        """
        line = np.ones(len(truth)) if weights is None else np.asarray(weights, dtype=np.float64)
        figure = float(self.score(truth, answers)(line[np.newaxis, :])[0]) if len(truth) else np.nan
        if not np.isfinite(figure):
            raise MetricUndefined(f"{self.title} cannot be computed: {self.undefined_when}")
        return figure

    def gain[Figure: (float, Floats)](self, challenger: Figure, champion: Figure) -> Figure:
        """Return by how much the challenger is better: positive is better, whichever way the metric goes."""
        return challenger - champion if self.greater_is_better else champion - challenger


def positive_class(truth: NDArray[np.int64]) -> int:
    """Return which of two classes "positive" means: the rarer one, of equally frequent ones the second.

    >>> positive_class(np.array([0, 1, 1, 1]))
    0
    """
    return 0 if 2 * np.count_nonzero(truth == 0) < len(truth) else 1


def _roc_auc(truth: Truth, probabilities: Floats) -> WeightedFigure:
    if probabilities.shape[1] == 2:
        return area_under_roc(truth == 1, probabilities[:, 1])
    classes = np.unique(truth).astype(int)
    return mean_over_classes([area_under_roc(truth == number, probabilities[:, number]) for number in classes])


def _log_loss(truth: Truth, probabilities: Floats) -> WeightedFigure:
    smallest = np.finfo(np.float32).eps  # the graph answers in float32: a smaller probability means nothing
    of_truth = probabilities[np.arange(len(truth)), truth.astype(np.int64)]
    return mean_of(-np.log(np.clip(of_truth, smallest, 1 - smallest)))


def _accuracy(truth: Truth, probabilities: Floats) -> WeightedFigure:
    return mean_of((likeliest(probabilities) == truth).astype(np.float64))


def _f1_of(truth: Truth, answered: NDArray[np.int64], label: int) -> WeightedFigure:
    hit = ((answered == label) & (truth == label)).astype(np.float64)
    named = (answered == label).astype(np.float64) + (truth == label)
    return ratio_of(2 * hit, named)


def _f1(truth: Truth, probabilities: Floats) -> WeightedFigure:
    answered = likeliest(probabilities)
    if probabilities.shape[1] == 2:
        return _f1_of(truth, answered, positive_class(truth.astype(np.int64)))
    return mean_over_classes([_f1_of(truth, answered, label) for label in map(int, np.union1d(truth, answered))])


def _rmse(truth: Truth, values: Floats) -> WeightedFigure:
    squares = (truth - values) ** 2
    mean = mean_of(squares)

    def influence() -> Floats:
        root = np.sqrt(squares.mean())
        moved: Floats = (root + squares / root) / 2 if root else squares
        return moved

    return WeightedFigure(lambda weights: np.sqrt(mean.score(weights)), influence)


def _mae(truth: Truth, values: Floats) -> WeightedFigure:
    return mean_of(np.abs(truth - values))


def _r2(truth: Truth, values: Floats) -> WeightedFigure:
    centred: Floats = truth - truth.mean() if len(truth) else np.empty(0)
    errors = (truth - values) ** 2

    def score(weights: Floats) -> Floats:
        spread = weights @ centred**2 - divided((weights @ centred) ** 2, weights.sum(axis=1))
        varies = spread > 1e-12 * (weights @ centred**2)
        return 1 - divided(weights @ errors, np.where(varies, spread, 0.0))

    return WeightedFigure(score, lambda: 1 - ratio_of(errors, centred**2).influence())


def _ndcg(length: int, truth: Truth, hits: Floats) -> WeightedFigure:
    discounts = 1 / np.log2(np.arange(2, length + 2))
    best = np.append(0.0, np.cumsum(discounts))[np.minimum(truth, length).astype(np.int64)]
    return mean_of(divided(hits[:, :length] @ discounts[: hits.shape[1]], best))


def _recall(length: int, truth: Truth, hits: Floats) -> WeightedFigure:
    return mean_of(divided(hits[:, :length].sum(axis=1), truth.astype(np.float64)))


def _hit_rate(length: int, _: Truth, hits: Floats) -> WeightedFigure:
    return mean_of(hits[:, :length].any(axis=1).astype(np.float64))


def _list_metrics() -> list[Metric]:
    """Return the metrics of recommendations, at every length of list that a definition can name."""
    kinds = {"ndcg": ("NDCG", _ndcg), "recall": ("recall", _recall), "hit_rate": ("hit rate", _hit_rate)}
    no_user = "no user chose anything new"
    return [
        Metric(name, f"{title}@{length}", "recommendation", True, partial(prepare, int(length)), no_user)
        for name in NAMES["recommendation"]
        for kind, _, length in [name.partition("@")]
        for title, prepare in [kinds[kind]]
    ]


# ndcg: Järvelin & Kekäläinen, Cumulated gain-based evaluation of IR techniques, 2002, with gains of 0 and 1; the ideal
# list has as many hits as possible. recall: hits over all items that the user chose. hit_rate: whether there is a hit.
# roc_auc: Fawcett, An introduction to ROC analysis, 2006 (weights and ties too); more than two classes: one against the
# rest, plain mean over the classes that occur (Provost & Domingos 2000; compare Hand & Till 2001).
# log_loss: Good, Rational decisions, 1952. f1: van Rijsbergen, Information retrieval, 1979; of the rarer class, or the
# plain mean over classes when there are more than two. r2: Draper & Smith, Applied regression analysis, 1998.
METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("roc_auc", "ROC AUC", "classification", True, _roc_auc, "the rows hold one class only"),
        Metric("log_loss", "log loss", "classification", False, _log_loss),
        Metric("accuracy", "accuracy", "classification", True, _accuracy),
        Metric("f1", "F1", "classification", True, _f1, "no row has or gets the positive class"),
        Metric("rmse", "RMSE", "regression", False, _rmse),
        Metric("mae", "MAE", "regression", False, _mae, best_constant=np.median),
        Metric("r2", "R²", "regression", True, _r2, "the target is the same in all rows"),
        *_list_metrics(),
    )
}
