"""All models on the same rows: each one's figure, and what may be said of it beside the champion, and how surely.

It compares row by row, whatever the metric, and gives one answer (see `statistics.gain_answer`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from refrain.errors import MetricUndefined
from refrain.statistics.dependence import number_units
from refrain.statistics.gain_answer import answer_to, gain_seen_by_most, rows_that_decide
from refrain.statistics.gains import MIN_UNITS, measure_gains
from refrain.statistics.intervals import Interval, mean_interval
from refrain.statistics.margins import Margin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from refrain.arrays import Floats, Truth
    from refrain.statistics.gain_answer import Answer
    from refrain.statistics.gains import MeasuredGain
    from refrain.statistics.metrics import Metric

CHAMPION = "champion"
MIN_EVENTS, MIN_RARE_EVENTS = 5, 20
"""With fewer rows of all but the most frequent class, nothing is said of classes; the rarer, the more it takes.

What they lose is seldom seen, and what all others gain is seen at once: the fewer events, the more lopsided chance is.
"""


@dataclass(frozen=True)
class ComparisonRules:
    """What is asked: how sure, which share of what is at stake is no loss, and which gain is not yet one."""

    confidence: float = 0.95
    margin: float = 0.1
    least_gain: float = 0.0


@dataclass(frozen=True)
class ComparedRows:
    """The rows that are compared on: ids of `groups` [rows] that belong together, and `times` [rows], where known.

    `trivial` are the answers of the trivial predictor (see `statistics.trivial_predictor`).
    """

    truth: Truth
    groups: NDArray[Any] | None = None
    times: NDArray[Any] | None = None
    trivial: Floats | None = None


@dataclass(frozen=True)
class ComparedFigures:
    """One model's figure, and how it compares with the champion's, or without one with the trivial predictor's.

    `gain` is positive when better, whichever way the metric goes; `chance` is how likely equal models show as much.
    `seen_gain` is the gain that these rows would show with a probability of 80 %. `rows_needed` is about how many more
    rows would decide, None when it is decided or no number would. `block` rows in the order of time say the same.
    """

    value: float
    interval: Interval
    block: int = 1
    gain: float | None = None
    gain_interval: Interval | None = None
    chance: float | None = None
    answer: Answer | None = None
    seen_gain: float | None = None
    rows_needed: int | None = None


@dataclass(frozen=True)
class Comparison:
    """Figures by candidate, and the reason by candidate (or `CHAMPION`) where there is no figure.

    `margin` is how much worse still is no worse, `trivial` the trivial predictor's figure, and `units` how many
    independent units the rows count as.
    """

    champion: ComparedFigures | None
    candidates: dict[str, ComparedFigures]
    undefined: dict[str, str]
    units: int
    margin: float | None = None
    trivial: float | None = None


def compare_models(
    metric: Metric,
    rows: ComparedRows,
    champion: Floats | None,
    candidates: Mapping[str, Floats],
    rules: ComparisonRules,
) -> Comparison:
    """Measure the champion and all candidates, and compare them; one without a figure does not stop the others.

    All answers are in the order of the rows; no candidate is called "champion". The confidence holds for all
    candidates together.
    """
    answers = dict(candidates) if champion is None else {CHAMPION: champion, **candidates}
    influences, undefined = _influences(metric, rows.truth, answers)
    figures = _figures(metric, rows, influences, rules.confidence)
    champion_figures = figures.pop(CHAMPION, None)
    trivial = _influences(metric, rows.truth, {} if rows.trivial is None else {CHAMPION: rows.trivial})[0].get(CHAMPION)
    comparison = Comparison(champion_figures, figures, undefined, len(rows.truth))
    if trivial is not None:
        comparison = replace(comparison, trivial=float(trivial.mean()))
    base = influences.get(CHAMPION, trivial)
    return comparison if base is None or not figures else _against(comparison, metric, rows, base, influences, rules)


def _influences(
    metric: Metric, truth: Truth, answers: Mapping[str, Floats]
) -> tuple[dict[str, Floats], dict[str, str]]:
    influences, undefined = {}, {}
    for name, array in answers.items():
        try:
            influences[name] = metric.influence(truth, array)
        except MetricUndefined as error:
            undefined[name] = str(error)
    return influences, undefined


def _figures(
    metric: Metric, rows: ComparedRows, influences: Mapping[str, Floats], confidence: float
) -> dict[str, ComparedFigures]:
    """Measure each model alone."""
    return {name: measure_figure(metric, rows, values, confidence) for name, values in influences.items()}


def measure_figure(metric: Metric, rows: ComparedRows, influence: Floats, confidence: float) -> ComparedFigures:
    """Measure one model by the influence values [rows] of its answers, for rows that may be alike."""
    units = number_units(rows.groups, rows.times, influence[:, np.newaxis])
    interval = possible_interval(metric, mean_interval(influence, units, confidence))
    block = 1 if rows.groups is not None or rows.times is None else int(np.bincount(units).max())
    return ComparedFigures(float(influence.mean()), interval, block)


def possible_interval(metric: Metric, ends: Interval) -> Interval:
    """Cut off what lies beyond a perfect figure."""
    low, high = ends
    return Interval(min(low, 1.0), min(high, 1.0)) if metric.greater_is_better else Interval(max(low, 0.0), high)


def _against(
    comparison: Comparison,
    metric: Metric,
    rows: ComparedRows,
    base: Floats,
    influences: Mapping[str, Floats],
    rules: ComparisonRules,
) -> Comparison:
    """Compare all candidates with the one in `base`."""
    names, alpha = list(comparison.candidates), 1 - rules.confidence
    gains = np.stack([metric.gain(influences[name], base) for name in names], axis=1)
    numbers = number_units(rows.groups, rows.times, gains)
    units = int(numbers.max()) + 1
    lead = comparison.trivial if CHAMPION in influences else None
    margin = Margin.of(metric, float(base.mean()), lead, rules.margin).amount
    shortfall = _shortfall(metric, rows.truth, units)
    measured = measure_gains(gains, numbers, alpha, float(np.ptp(base)))
    candidates = {
        name: _answered(comparison.candidates[name], gain, margin, rules, len(rows.truth), shortfall)
        for name, gain in zip(names, measured, strict=True)
    }
    return replace(comparison, candidates=candidates, margin=margin, units=units)


def _answered(
    figures: ComparedFigures, measured: MeasuredGain, margin: float, rules: ComparisonRules, rows: int, shortfall: int
) -> ComparedFigures:
    answer = "undecided" if shortfall else answer_to(measured, margin, rules.least_gain, 1 - rules.confidence)
    needed = shortfall or rows_that_decide(measured, margin, rules.least_gain, rows)
    return replace(
        figures,
        gain=measured.gain,
        gain_interval=measured.interval,
        chance=measured.chance,
        answer=answer,
        seen_gain=gain_seen_by_most(measured),
        rows_needed=needed if answer == "undecided" else None,
    )


def _shortfall(metric: Metric, truth: Truth, units: int) -> int:
    """Return about how many more rows it takes until a comparison may say anything."""
    rows = len(truth)
    factors = [MIN_UNITS / units]
    if metric.task == "classification":
        events = rows - int(np.bincount(truth.astype(np.int64)).max())
        share = min(events / rows, 0.5)  # the skewness of their number: (1 - 2 share) / root of (events · (1 - share))
        factors.append(max(MIN_EVENTS, MIN_RARE_EVENTS * (1 - 2 * share) ** 2 / (1 - share)) / max(events, 0.5))
    return max(0, int(np.ceil(rows * (max(factors) - 1))))
