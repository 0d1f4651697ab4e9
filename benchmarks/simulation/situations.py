"""Made-up holdouts of which the truth is known: what is true, and what champion and challengers answer.

Both models see the same signal with noise of their own, as models of nearly the same training rows do. The challenger's
noise is scaled so that its figure is better or worse by just so much on endlessly many rows.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Protocol

import numpy as np

from refrain.statistics.metrics import choose_metric

if TYPE_CHECKING:
    from benchmarks.simulation.cell import Random
    from refrain.arrays import Floats, Truth
    from refrain.statistics.metrics import Metric

CALIBRATING_ROWS = 200_000
ALIKE = 0.8
"""The correlation of the models' noise."""


class Situation(Hashable, Protocol):
    """A kind of data: truth, and answers of models with this noise."""

    def draw(self, random: Random, rows: int, noises: list[float]) -> tuple[Truth, list[Floats]]:
        """Draw rows, and the answers of one model for each scale of noise."""


@dataclass(frozen=True)
class Classes:
    """Two classes, the second one an event of this rate."""

    rate: float = 0.5

    def draw(self, random: Random, rows: int, noises: list[float]) -> tuple[Truth, list[Floats]]:
        """Draw labels by a chance that the models see with noise."""
        signal = random.normal(_offset(self.rate), 1.5, rows)
        truth = (random.random(rows) < _logistic(signal)).astype(np.int64)
        noise = _alike(random.normal(size=(len(noises) + 1, rows)))
        return truth, [two_columns(_logistic(signal + scale * own)) for scale, own in zip(noises, noise, strict=True)]


@dataclass(frozen=True)
class Values:
    """A value, answered with errors that have heavy tails (t with four degrees of freedom)."""

    def draw(self, random: Random, rows: int, noises: list[float]) -> tuple[Truth, list[Floats]]:
        """Draw values and answers."""
        truth = random.normal(0, 3, rows)
        errors = _alike(random.standard_t(4, (len(noises) + 1, rows)))
        return truth, [truth + scale * own for scale, own in zip(noises, errors, strict=True)]


def measured_by(metric: str) -> Metric:
    """Return a metric as it measures these situations: of the event, where it is of one class."""
    return choose_metric(metric, ("none", "event"), "event", {})


@cache
def champion_figure(metric: str, situation: Situation) -> float:
    """Return the champion's figure on very many rows."""
    truth, (champion,) = situation.draw(np.random.default_rng(7), CALIBRATING_ROWS, [1.0])
    return measured_by(metric).value(truth, champion)


@cache
def noise_for(metric: str, situation: Situation, gain: float) -> float:
    """Return the scale of a challenger's noise (the champion's is 1) with which it is better by this gain."""
    low, high = 0.0, 4.0
    for _ in range(20):
        middle = (low + high) / 2
        truth, (champion, challenger) = situation.draw(np.random.default_rng(7), CALIBRATING_ROWS, [1.0, middle])
        measure = measured_by(metric)
        better = measure.gain(measure.value(truth, challenger), measure.value(truth, champion)) > gain
        low, high = (middle, high) if better else (low, middle)
    return (low + high) / 2


def two_columns(event: Floats) -> Floats:
    """Return the probabilities of both classes [rows, 2]."""
    return np.stack([1 - event, event], axis=1)


def autoregressive(random: Random, rows: int, correlation: float) -> Floats:
    """Draw a series of variance 1, each value of which remembers this much of the one before."""
    moved = random.normal(0, np.sqrt(1 - correlation**2), rows)
    series = [float(random.normal())]
    for step in moved[1:].tolist():
        series.append(correlation * series[-1] + step)
    return np.array(series)


def _alike(noise: Floats) -> Floats:
    """Mix the last series into all others, so that they have a correlation of `ALIKE`."""
    mixed: Floats = np.sqrt(1 - ALIKE) * noise[:-1] + np.sqrt(ALIKE) * noise[-1]
    return mixed


def _logistic(values: Floats) -> Floats:
    return 1 / (1 + np.exp(-values))


@cache
def _offset(rate: float) -> float:
    """Return the mean of the signal with which events have this rate."""
    signal = np.random.default_rng(7).normal(0, 1.5, CALIBRATING_ROWS)
    low, high = -12.0, 12.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if _logistic(signal + middle).mean() < rate else (low, middle)
    return low
