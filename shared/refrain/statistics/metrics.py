"""The metrics by which models are compared, each computed for thousands of resamples at once.

A metric is prepared once for one model's answers (sorting, errors of rows, hits) and gives a `WeightedFigure`. Its
`Score` takes a matrix of row weights, one line a resample: the bootstrap never sorts, copies or loops over rows again.
Its influence values say how much each row moves the figure.

Truth is class numbers [rows] or values [rows]; answers are probabilities [rows, classes] or values [rows] or [rows, 1].
For recommendations a row is a user: truth is how many new items the user chose [users]; answers are hits [users, list],
1 where the item at this rank was chosen, else 0.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from preprocessing.training_section import METRICS as NAMES
from preprocessing.training_section import PINBALL
from refrain.errors import MetricUndefined
from refrain.statistics.class_metrics import (
    prepare_accuracy,
    prepare_average_precision,
    prepare_balanced_accuracy,
    prepare_brier,
    prepare_cost,
    prepare_f1,
    prepare_log_loss,
    prepare_roc_auc,
)
from refrain.statistics.decision_costs import cost_matrix
from refrain.statistics.list_metrics import prepare_hit_rate, prepare_ndcg, prepare_recall
from refrain.statistics.value_metrics import (
    find_relative_median,
    prepare_mae,
    prepare_mape,
    prepare_pinball,
    prepare_r2,
    prepare_rmse,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from preprocessing.definition import Task
    from refrain.arrays import Floats, Score, Truth
    from refrain.statistics.weighted_figure import WeightedFigure

    type Costs = Mapping[str, Mapping[str, float]]

ONE_CLASS = "the rows hold one class only"


@dataclass(frozen=True)
class Metric:
    """How good answers are: `prepare` turns truth and one model's answers into a figure of weighted rows.

    `best_constant` finds, among all constants, the best answer to the values of a regression's target. `parameters`
    of a definition or version are bound before use; a metric without its `positive` class is the mean over classes.

    >>> truth = np.array([0, 0, 1, 1])
    >>> answers = np.array([[0.9, 0.1], [0.6, 0.4], [0.65, 0.35], [0.2, 0.8]])
    >>> METRICS["roc_auc"].value(truth, answers)
    0.75
    """

    name: str
    title: str
    task: Task
    greater_is_better: bool
    prepare: Callable[..., WeightedFigure]
    undefined_when: str = "there are no rows"
    best_constant: Callable[[Floats], np.floating] = np.mean
    parameters: tuple[str, ...] = ()

    def bind(self, **values: object) -> Metric:
        """Return the metric with those of the values that are its parameters."""
        return replace(self, prepare=partial(self.prepare, **{name: values[name] for name in self.parameters}))

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

    @property
    def perfect(self) -> float:
        """The figure of a model that is never wrong."""
        return 1.0 if self.greater_is_better else 0.0

    def gain[Figure: (float, Floats)](self, challenger: Figure, champion: Figure) -> Figure:
        """Return by how much the challenger is better: positive is better, whichever way the metric goes."""
        return challenger - champion if self.greater_is_better else champion - challenger


def _list_metrics() -> list[Metric]:
    """Return the metrics of recommendations, at every length of list that a definition can name."""
    kinds = {
        "ndcg": ("NDCG", prepare_ndcg),
        "recall": ("recall", prepare_recall),
        "hit_rate": ("hit rate", prepare_hit_rate),
    }
    no_user = "no user chose anything new"
    return [
        Metric(name, f"{title}@{length}", "recommendation", True, partial(prepare, int(length)), no_user)
        for name in NAMES["recommendation"]
        for kind, _, length in [name.partition("@")]
        for title, prepare in [kinds[kind]]
    ]


def _pinball_metrics() -> list[Metric]:
    """Return the loss of every quantile that a definition can name."""
    return [
        Metric(
            name=name,
            title=f"pinball loss of the {float(quantile):.0%} quantile",
            task="regression",
            greater_is_better=False,
            prepare=partial(prepare_pinball, float(quantile)),
            best_constant=partial(np.quantile, q=float(quantile), method="inverted_cdf"),
        )
        for name in PINBALL
        for _, _, quantile in [name.partition("@")]
    ]


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("roc_auc", "ROC AUC", "classification", True, prepare_roc_auc, ONE_CLASS, parameters=("positive",)),
        Metric("log_loss", "log loss", "classification", False, prepare_log_loss),
        Metric("accuracy", "accuracy", "classification", True, prepare_accuracy),
        Metric(
            "f1",
            "F1",
            "classification",
            True,
            prepare_f1,
            "no row has or gets the positive class",
            parameters=("positive",),
        ),
        Metric(
            "average_precision",
            "average precision",
            "classification",
            True,
            prepare_average_precision,
            "no row has the positive class",
            parameters=("positive",),
        ),
        Metric("brier", "Brier score", "classification", False, prepare_brier, parameters=("positive",)),
        Metric("balanced_accuracy", "balanced accuracy", "classification", True, prepare_balanced_accuracy),
        Metric("cost", "cost", "classification", False, prepare_cost, parameters=("costs",)),
        Metric("rmse", "RMSE", "regression", False, prepare_rmse),
        Metric("mae", "MAE", "regression", False, prepare_mae, best_constant=np.median),
        Metric("r2", "R²", "regression", True, prepare_r2, "the target is the same in all rows"),
        Metric("mape", "MAPE", "regression", False, prepare_mape, "the target is 0 in a row", find_relative_median),
        *_pinball_metrics(),
        *_list_metrics(),
    )
}
"""Every metric by its name. Those of a class are the mean over classes here; `choose_metric` binds them to a class."""


def choose_metric(name: str, classes: Sequence[str], positive: str | None, costs: Costs) -> Metric:
    """Return a metric as every figure of a version is computed: of its positive class, with the definition's costs.

    The positive class belongs to the version (see its manifest), so it is the same in every sample of rows; None takes
    the mean over classes. `classes` are in the order of the answers. `costs` are by true and decided class.
    """
    number = None if positive is None else list(classes).index(positive)
    return METRICS[name].bind(positive=number, costs=cost_matrix(classes, costs))


def choose_metrics(deciding: str, classes: Sequence[str], positive: str | None, costs: Costs) -> dict[str, Metric]:
    """Return by name all metrics that say something of a model beside the one that decides, and this one.

    Quantiles that nobody asked for and costs that nobody named say nothing.
    """
    names = [name for name, metric in METRICS.items() if metric.task == METRICS[deciding].task]
    silent = {name for name in names if name.startswith("pinball") or (name == "cost" and not costs)} - {deciding}
    return {name: choose_metric(name, classes, positive, costs) for name in names if name not in silent}


def measure_metrics(metrics: Mapping[str, Metric], truth: Truth, answers: Floats) -> dict[str, float]:
    """Compute by name all figures that these rows give."""
    figures = {}
    for name, metric in metrics.items():
        with suppress(MetricUndefined):
            figures[name] = metric.value(truth, answers)
    return figures
