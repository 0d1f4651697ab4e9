"""Cells of intervals and sets: does the truth lie within as often as asked, and is an abrupt change withdrawn?

Predictions come one by one, and their labels so many predictions late. A report is written every 250 predictions, and
its bound is what callers are told until the next one. Windows are 1,000 predictions long.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np

from benchmarks.simulation.cell import Bound, Cell
from refrain.conformal import answer_errors, exceeds, ranked_errors
from refrain.statistics.adaptive_coverage import adapt_bound

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from benchmarks.simulation.cell import Random
    from refrain.arrays import Floats

    type Marks = NDArray[np.bool_]
    type Change = Literal["nothing", "a drift", "an abrupt change"]

MISS = 0.1
STREAMS = 5
"""Streams of a run: the coverage of a window is a probability, which one stream of it hardly shows."""

REPORTED = 250
WINDOW = 1000
CHANGED = 2000
"""The prediction at which an abrupt change begins."""


@dataclass(frozen=True)
class Answers:
    """A model of values or of three classes, judged on so many rows, whose labels come so many predictions late.

    A change of strength 1 doubles the errors of values, and lets classes mean less of what they meant. A drift reaches
    its strength with the last prediction, and an abrupt change at once.
    """

    kind: Literal["values", "classes"]
    judged: int
    change: Change
    late: int = 0
    predictions: int = 5_000
    strength: float = 0.0

    def errors(self, random: Random, strength: Floats) -> Floats:
        """Draw the errors of answers to rows, whose world has changed by a strength."""
        rows = len(strength)
        if self.kind == "values":
            return np.abs(random.standard_t(5, rows)) * (1 + strength)
        logits = random.normal(0, 1.5, (rows, 3))
        answers = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        chances = answers ** (1 / (1 + strength[:, np.newaxis]))
        drawn = random.random(rows)[:, np.newaxis] > np.cumsum(chances / chances.sum(axis=1, keepdims=True), axis=1)
        return answer_errors(drawn.sum(axis=1), answers)

    def strengths(self) -> Floats:
        """Return how much the world has changed at each prediction."""
        if self.change == "a drift":
            return np.linspace(0, self.strength, self.predictions)
        return np.where(np.arange(self.predictions) < CHANGED, 0.0, self.strength)


def answer(answers: Answers, random: Random) -> Mapping[str, float]:
    """Answer a few streams of predictions, and say how many truths lay within what callers were told."""
    streams = [_tell(answers, random) for _ in range(STREAMS)]
    told, held = (np.array(marks) for marks in zip(*streams, strict=True))
    starts = np.arange(0, answers.predictions, WINDOW)
    windows = np.add.reduceat(held.sum(axis=0), starts) / np.maximum(np.add.reduceat(told.sum(axis=0), starts), 1)
    figures = {"held": held.sum() / told.sum(), "held in the worst window": windows.min(), "told": told.mean()}
    if answers.change != "an abrupt change":
        return figures
    seen, again = CHANGED + answers.late, slice(CHANGED + answers.late + 2 * REPORTED, None)
    return figures | {
        "withdrawn after the change": np.mean(~told[:, seen : again.start].all(axis=1)),
        "held again": held[:, again].sum() / told[:, again].sum(),
        "told again": told[:, -WINDOW:].mean(),
    }


def _tell(answers: Answers, random: Random) -> tuple[Marks, Marks]:
    """Mark the predictions of a stream whose callers were told a bound, and those whose truth lay within it."""
    calibration = ranked_errors(answers.errors(random, np.zeros(answers.judged)))
    errors = answers.errors(random, answers.strengths())
    asked = np.arange(len(errors)).astype("datetime64[s]")
    bounds = np.full(len(errors), np.nan)
    for start in range(0, len(errors), REPORTED):
        labelled = slice(max(start - answers.late, 0))
        received = asked[labelled] + np.timedelta64(answers.late, "s")
        adaptive = adapt_bound(calibration, errors[labelled], asked[labelled], received, MISS)
        if adaptive.bound is not None and not adaptive.is_withdrawn:
            bounds[start : start + REPORTED] = adaptive.bound
    told = ~np.isnan(bounds)
    return told, told & ~exceeds(errors, bounds)


def cells() -> Iterator[Cell]:
    """All cells of this part."""
    for kind in ("values", "classes"):
        for judged in (100, 2_000):
            for late in (0, 500):
                yield _cell(Answers(kind, judged, "nothing", late), EXCHANGEABLE)
        yield _cell(Answers(kind, 2_000, "a drift", 0, strength=1.0), FOLLOWED)
        yield _cell(Answers(kind, 2_000, "a drift", 500, 10_000, strength=0.5), FOLLOWED)
        yield _cell(Answers(kind, 2_000, "a drift", 500, strength=1.0), FOLLOWED)
        yield _cell(Answers(kind, 2_000, "a drift", 500, strength=2.0), ())
        for late in (0, 500):
            yield _cell(Answers(kind, 2_000, "an abrupt change", late, strength=2.0), SEEN if late else SEEN[1:])


def _cell(answers: Answers, bounds: tuple[Bound, ...]) -> Cell:
    change = answers.change if not answers.strength else f"{answers.change} of strength {answers.strength:g}"
    name = f"{answers.kind}, {answers.judged:,} judged rows, labels {answers.late} late, {change}"
    runs = 12 if answers.predictions == 5_000 else 8
    return Cell("coverage", name, partial(answer, answers), runs, bounds, CI_RUNS.get(name, 0))


EXCHANGEABLE = (Bound("held", at_least=0.88), Bound("held", at_most=0.92), Bound("told", at_least=0.97))
FOLLOWED = (Bound("held in the worst window", at_least=0.87),)
SEEN = (
    Bound("withdrawn after the change", at_least=0.8),
    Bound("held again", at_least=0.87),
    Bound("told again", at_least=0.9),
)
CI_RUNS = {"values, 2,000 judged rows, labels 500 late, an abrupt change of strength 2": 6}
