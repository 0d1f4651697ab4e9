"""All models on the same rows: the figures that a decision compares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from refrain.errors import MetricUndefined
from refrain.statistics.intervals import RESAMPLES, adjust_confidence, percentile_interval, resample, share_no_worse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from refrain.arrays import Floats, Truth
    from refrain.statistics.intervals import Interval
    from refrain.statistics.metrics import Metric

CHAMPION = "champion"


@dataclass(frozen=True)
class ComparedFigures:
    """One model's figure, and how it compares with the champion's (None without a champion, or for itself).

    `gain` is positive when better, whichever way the metric goes. Its interval leaves a tail of `1 - adjusted
    confidence` on either side: it lies above zero when the gate would let this model pass.
    """

    value: float
    interval: Interval
    gain: float | None = None
    gain_interval: Interval | None = None
    no_worse: float | None = None


@dataclass(frozen=True)
class Comparison:
    """Figures by candidate, and the reason by candidate (or `CHAMPION`) where there is no figure."""

    champion: ComparedFigures | None
    candidates: dict[str, ComparedFigures]
    undefined: dict[str, str]


def compare_models(
    metric: Metric,
    truth: Truth,
    champion: Floats | None,
    candidates: Mapping[str, Floats],
    *,
    confidence: float,
    resamples: int = RESAMPLES,
    seed: int = 0,
    groups: NDArray[Any] | None = None,
) -> Comparison:
    """Measure the champion and all candidates by one paired bootstrap; one without a figure does not stop the others.

    All answers are in the order of `truth` [rows]; no candidate is called "champion". `confidence` is the gate's, and
    adjusted here for the number of candidates. See `resample` for `groups` and the seed.
    """
    answers = dict(candidates) if champion is None else {CHAMPION: champion, **candidates}
    values: dict[str, float] = {}
    undefined: dict[str, str] = {}
    for name, answer in answers.items():
        try:
            values[name] = metric.value(truth, answer)
        except MetricUndefined as error:
            undefined[name] = str(error)
    scores = {name: metric.score(truth, answers[name]) for name in values}
    figures = resample(scores, len(truth), resamples=resamples, seed=seed, groups=groups)
    level = adjust_confidence(confidence, len(values) - (CHAMPION in values))

    def compared(name: str) -> ComparedFigures:
        own = percentile_interval(figures[name], confidence)
        if name == CHAMPION or CHAMPION not in values:
            return ComparedFigures(values[name], own)
        gains = metric.gain(figures[name], figures[CHAMPION])
        gain, interval = metric.gain(values[name], values[CHAMPION]), percentile_interval(gains, 2 * level - 1)
        return ComparedFigures(values[name], own, gain, interval, share_no_worse(gains))

    return Comparison(
        champion=compared(CHAMPION) if CHAMPION in values else None,
        candidates={name: compared(name) for name in candidates if name in values},
        undefined=undefined,
    )
