"""A metric before labels come: what the rows that a version was judged by let expect of other rows, and how surely.

A model with calibrated probabilities tells by them how often it is right (Guillory et al., Predicting with confidence
on unseen distributions, ICCV 2021; NannyML's CBPE and DLE). So the estimate shows what a change of the inputs does. It
cannot show that the same inputs have come to mean something else.

The estimate is compared with the estimate of the same kind on the judged rows, whose measured figure is known: what the
two have wrong in common cancels out.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from refrain.errors import MetricUndefined
from refrain.statistics.comparison import possible_interval
from refrain.statistics.intervals import Interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from refrain.arrays import Floats, Truth
    from refrain.statistics.metrics import Metric
    from refrain.statistics.possible_truths import PossibleTruths

DRAWS = 100


@dataclass(frozen=True)
class ResampledRows:
    """Answers [rows, classes] or [rows, 1]; rows of one of the `units` [rows] are alike, and are drawn together."""

    answers: Floats
    units: NDArray[np.int64]

    def draw(self, random: np.random.Generator) -> Floats:
        """Draw as many units as there are, and return how often each row was drawn."""
        count = int(self.units.max()) + 1
        return np.bincount(random.integers(0, count, count), minlength=count)[self.units].astype(np.float64)


@dataclass(frozen=True)
class EstimatedFigure:
    """The figure of rows without labels in its interval, and how it differs from that of the judged rows.

    `value` is the measured figure of the judged rows plus the `change` from the estimate of theirs, `judged`, to that
    of the rows asked about.
    """

    value: float
    interval: Interval
    judged: float
    change: float
    change_interval: Interval


class _ExpectedFigure:
    """A metric of rows, each of which is all that it may be at once, weighted by how likely that is."""

    def __init__(self, metric: Metric, possible: Truth, answers: Floats) -> None:
        self._score = metric.score(possible.ravel(), np.repeat(answers, possible.shape[1], axis=0))

    def expect(self, chances: Floats, counts: Floats) -> float:
        """Return the figure if each row counts so often."""
        return float(self._score((chances * counts[:, np.newaxis]).reshape(1, -1))[0])

    def happen(self, random: np.random.Generator, sums: Floats, counts: Floats) -> float:
        """Return a figure as labels may show it; `sums` [rows, possibilities] are the chances added up."""
        drawn = (sums < random.random((len(sums), 1)) * sums[:, -1:]).sum(axis=1)
        weights = np.zeros(sums.shape)
        weights[np.arange(len(drawn)), drawn] = counts
        return float(self._score(weights.reshape(1, -1))[0])


def estimate_figure(
    metric: Metric,
    truth: Truth,
    judged: ResampledRows,
    asked: ResampledRows,
    possible: PossibleTruths,
    confidence: float,
) -> EstimatedFigure:
    """Estimate a metric of the rows asked about by the judged rows and their truth.

    The interval of the value is where labels will put it: it has room for the choice of both kinds of rows, for what
    they leave unsure of the chances, and for the luck of the labels. Raises `MetricUndefined`.
    """
    random = np.random.default_rng(0)
    measure = metric.score(truth, judged.answers)
    of_judged = _ExpectedFigure(metric, possible.judged, judged.answers)
    of_asked = _ExpectedFigure(metric, possible.asked, asked.answers)
    every_judged, every_asked = np.ones(len(truth)), np.ones(len(asked.answers))
    judged_chances, asked_chances = possible.chances(every_judged)
    sums = asked_chances.cumsum(axis=1)
    before = of_judged.expect(judged_chances, every_judged)
    change = of_asked.expect(asked_chances, every_asked) - before
    value = float(measure(every_judged[np.newaxis])[0]) + change
    if not np.isfinite(value):
        raise MetricUndefined(f"{metric.title} cannot be estimated: {metric.undefined_when}")
    changes, errors = np.empty(DRAWS), np.empty(DRAWS)
    for draw in range(DRAWS):
        judged_counts, asked_counts = judged.draw(random), asked.draw(random)
        judged_chances, asked_chances = possible.chances(judged_counts)
        changes[draw] = of_asked.expect(asked_chances, asked_counts) - of_judged.expect(judged_chances, judged_counts)
        drawn = float(measure(judged_counts[np.newaxis])[0]) + changes[draw]
        errors[draw] = drawn - of_asked.happen(random, sums, asked_counts)
    interval = possible_interval(metric, _normal_interval(value, errors, confidence))
    return EstimatedFigure(value, interval, before, change, _normal_interval(change, changes, confidence))


def _normal_interval(value: float, draws: Floats, confidence: float) -> Interval:
    """Return the interval by the spread of draws; raises `MetricUndefined` where most of them are undefined (NaN)."""
    defined = draws[np.isfinite(draws)]
    if len(defined) < DRAWS / 2:
        raise MetricUndefined("most resamples of the rows give no figure, so there is no interval")
    half = NormalDist().inv_cdf((1 + confidence) / 2) * float(defined.std(ddof=1))
    return Interval(value - half, value + half)
