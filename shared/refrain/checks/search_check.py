"""Checks whether a search ended at the edge of what it was allowed to try."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from preprocessing.model_rules import ParameterRange
from refrain.lake.method_checks import Finding
from refrain.words import figure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from preprocessing.model_rules import Option, Search
    from refrain.lake.search import SearchResult, SearchTrial
    from refrain.statistics.metrics import Metric

EDGE = 0.15
"""The share of the way between the bounds that counts as their edge."""

MIDDLE = 1 / 3
"""What lies so far from both bounds is compared with the edge."""

SURE_BY_FOLDS = {2: 3.078, 3: 1.886, 4: 1.638, 5: 1.533}
"""Student's 90 % quantile for the differences on so many folds: folds are few, and a finding is only a hint."""


@dataclass(frozen=True)
class CheckedSearch:
    """The search of a candidate, and what it found by the metric that decides."""

    name: str
    metric: Metric
    search: Search
    result: SearchResult


def find_search_at_edge(searched: CheckedSearch) -> Iterator[Finding]:
    """Find parameters whose best value lies at a bound, surely better than any in the middle."""
    best = searched.result.best_trial
    if best is None:
        return
    for name, options in searched.search.parameters.items():
        position = _position(options, best.parameters[name])
        if position is None or EDGE <= position <= 1 - EDGE:
            continue
        trials = [trial for trial in searched.result.trials if trial.values]
        positions = {trial.number: _position(options, trial.parameters[name]) or 0.0 for trial in trials}
        middle = [trial for trial in trials if MIDDLE <= positions[trial.number] <= 1 - MIDDLE]
        if middle and all(_surely_better(searched.metric, best, trial) for trial in middle):
            bound, change = ("low", "lower") if position < EDGE else ("high", "raise")
            yield Finding.of(
                "search_at_edge",
                f"{searched.name} does best with {name} {_shown(best.parameters[name])}, at the {bound} end of what it "
                f"tries, and surely better than in the middle. Better values may lie beyond: {change} the bound.",
            )


def _position(options: tuple[Option, ...] | ParameterRange, value: Option) -> float | None:
    """Return how far a value lies from the first to the last, 0 to 1; None where values have no order."""
    if isinstance(options, ParameterRange):
        low, high, at = options.low, options.high, float(value)
        if options.by_ratio:
            low, high, at = math.log(low), math.log(high), math.log(at)
        return (at - low) / (high - low)
    if any(isinstance(option, str | bool) for option in options):
        return None
    return sorted(options).index(value) / (len(options) - 1)


def _surely_better(metric: Metric, best: SearchTrial, other: SearchTrial) -> bool:
    """Compare two trials fold by fold; folds share what they learned from (Nadeau & Bengio, 2003)."""
    gains = metric.gain(np.array(best.values), np.array(other.values))
    folds = len(gains)
    if folds not in SURE_BY_FOLDS:
        return False
    error = float(gains.std(ddof=1)) * math.sqrt(1 / folds + 1 / (folds - 1))
    return float(gains.mean()) > SURE_BY_FOLDS[folds] * error


def _shown(value: Option) -> str:
    return figure(value) if isinstance(value, float) else str(value)
