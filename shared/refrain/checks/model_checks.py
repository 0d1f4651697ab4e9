"""Checks of the model that the run chose, on training and holdout rows."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from refrain.lake.method_checks import Finding
from refrain.words import counted, figure, listed, share

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from refrain.arrays import Floats, Truth
    from refrain.lake.evaluation import Importance
    from refrain.statistics.metrics import Metric

MIN_KEPT_LEAD = 0.5
"""Of its lead over the trivial predictor on training rows, a model keeps so much on the holdout, or is overfit."""

SURE = 2.326
"""The normal distribution's 99 % quantile."""

SPARED, MAX_SPARED = 0.01, 0.02
"""The share of a model's lead that the loss of useless features may take: the greater one if it may be chance."""

MAX_NAMED_FEATURES = 8


@dataclass(frozen=True)
class JudgedAnswers:
    """The truth of one side, a model's answers, and those of the trivial predictor, which training rows made."""

    truth: Truth
    answers: Floats
    trivial: Floats

    def lead(self, metric: Metric) -> tuple[float, float]:
        """Return by how much the model is better than the trivial predictor, and the standard error."""
        influences = (metric.influence(self.truth, answers) for answers in (self.answers, self.trivial))
        gains = metric.gain(*influences)
        return float(gains.mean()), float(gains.std(ddof=1)) / len(gains) ** 0.5


@dataclass(frozen=True)
class CheckedModel:
    """The model of a run that is checked. `predict` answers the `matrix`, which has columns of all `features`."""

    name: str
    metric: Metric
    train: JudgedAnswers
    holdout: JudgedAnswers
    importance: Sequence[Importance]
    features: Mapping[str, Sequence[int]]
    matrix: NDArray[np.float32]
    predict: Callable[[NDArray[np.float32]], Floats]

    def varies(self, feature: str) -> bool:
        """Tell whether a feature has several values in the holdout: shuffling a single one would say nothing."""
        values = self.matrix[:, self.features[feature]]
        return bool((values != values[0]).any())

    def loss_without(self, features: Sequence[str]) -> tuple[float, float]:
        """Return how much worse the metric gets when these features are shuffled together, and the standard error."""
        indexes = [index for name in features for index in self.features[name]]
        shuffled = self.matrix.copy()
        shuffled[:, indexes] = self.matrix[np.random.default_rng(0).permutation(len(shuffled))][:, indexes]
        figures = (self.holdout.answers, self.predict(shuffled))
        losses = self.metric.gain(*(self.metric.influence(self.holdout.truth, answers) for answers in figures))
        return float(losses.mean()), float(losses.std(ddof=1)) / len(losses) ** 0.5

    def does_without(self, features: Sequence[str], lead: float) -> bool:
        """Tell whether the model would not miss these features: hardly, or not surely, of its lead over the trivial."""
        loss, deviation = self.loss_without(features)
        return loss <= SPARED * lead or (loss <= MAX_SPARED * lead and loss <= SURE * deviation)


def find_overfit(model: CheckedModel) -> Iterator[Finding]:
    """Find a model whose lead over the trivial predictor is lost on rows that it did not learn from."""
    learned, _ = model.train.lead(model.metric)
    lead, deviation = model.holdout.lead(model.metric)
    if learned > 0 and lead + SURE * deviation < MIN_KEPT_LEAD * learned:
        metric = model.metric
        train, holdout = (metric.value(side.truth, side.answers) for side in (model.train, model.holdout))
        yield Finding.of(
            "overfit",
            f"{model.name} has {metric.title} {figure(train)} on training rows and {figure(holdout)} on the holdout: "
            f"it keeps {share(max(lead / learned, 0.0))} of its lead over the trivial predictor. Make it simpler "
            "(shallower trees, stronger regularisation), or gather more rows.",
        )


def find_no_better_than_trivial(model: CheckedModel) -> Iterator[Finding]:
    """Find a model that is not surely better than one answer for all rows."""
    lead, deviation = model.holdout.lead(model.metric)
    if lead - SURE * deviation <= 0:
        metric, side = model.metric, model.holdout
        ours, trivial = (metric.value(side.truth, answers) for answers in (side.answers, side.trivial))
        yield Finding.of(
            "no_better_than_trivial",
            f"{model.name} is not surely better than the same answer for every row ({metric.title} {figure(ours)} "
            f"against {figure(trivial)}). Its features tell too little, or there are too few rows.",
        )


def find_useless_features(model: CheckedModel) -> Iterator[Finding]:
    """Find the features that the model would not miss, even all together."""
    lead, deviation = model.holdout.lead(model.metric)
    if lead - SURE * deviation <= 0:
        return  # then no feature is of use
    weak = [item for item in model.importance if item.loss <= MAX_SPARED * lead and model.varies(item.feature)]
    names = [item.feature for item in sorted(weak, key=lambda item: item.loss)]
    counts = range(1, len(names) + 1)
    useless = names[: bisect_left(counts, True, key=lambda count: not model.does_without(names[:count], lead))]
    if useless:
        more = [f"{len(useless) - MAX_NAMED_FEATURES} more"] if len(useless) > MAX_NAMED_FEATURES else []
        yield Finding.of(
            "useless_features",
            f"{model.name} answers as well without {counted(len(useless))} of {counted(len(model.features))} "
            f"features: {listed([*useless[:MAX_NAMED_FEATURES], *more])}. Leave them out, and they need not be "
            "gathered, sent and watched.",
            *useless,
        )
