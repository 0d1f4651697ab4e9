"""Cells of the gate: does a run promote the right model?"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.simulation.cell import Bound, Cell
from benchmarks.simulation.situations import Classes, autoregressive, noise_for, two_columns
from refrain.statistics.comparison import ComparedRows, ComparisonRules, compare_models
from refrain.statistics.metrics import METRICS
from refrain.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from numpy.typing import NDArray

    from benchmarks.simulation.cell import Random
    from benchmarks.simulation.situations import Situation
    from refrain.arrays import Floats, Truth

EQUAL = Bound("promoted", at_most=0.06)


def outcome(
    metric: str,
    truth: Truth,
    champion: Floats,
    challengers: list[Floats],
    groups: NDArray[Any] | None = None,
    *,
    in_order: bool = False,
) -> Mapping[str, float]:
    """Let the gate decide on one holdout."""
    rows = ComparedRows(truth, groups, np.arange(len(truth)) if in_order else None)
    answers = {str(index): challenger for index, challenger in enumerate(challengers)}
    compared = compare_models(METRICS[metric], rows, champion, answers, ComparisonRules()).candidates
    return {"promoted": any(figures.answer == "better" for figures in compared.values())}


def independent(
    metric: str, rows: int, challengers: int, gain: float, situation: Situation, random: Random
) -> Mapping[str, float]:
    """Compare challengers that are all better than the champion by `gain`, on independent rows."""
    noise = noise_for(metric, situation, gain) if gain else 1.0
    truth, (champion, *answers) = situation.draw(random, rows, [1.0] + [noise] * challengers)
    return outcome(metric, truth, champion, answers)


def tied(metric: str, differing: int, random: Random) -> Mapping[str, float]:
    """Compare equal models on 200 rows, of which so many are answered differently; a coin says who is right."""
    truth = random.integers(0, 2, 200)
    right = random.random(200) < 0.85
    other = right.copy()
    rows = random.choice(200, differing, replace=False)
    right[rows] = random.random(differing) < 0.5
    other[rows] = ~right[rows]
    champion, challenger = (two_columns(np.where(hit == (truth == 1), 0.9, 0.1)) for hit in (right, other))
    return outcome(metric, truth, champion, [challenger])


def following(rows: int, correlation: float, noise: float, random: Random) -> Mapping[str, float]:
    """Compare equal models of values whose errors differ by a lasting series, and by noise of every row."""
    errors = 3 + random.normal(0, 0.1, rows)
    lasting = 0.3 * autoregressive(random, rows, correlation)
    return outcome("mae", np.zeros(rows), errors, [errors + lasting + random.normal(0, noise, rows)], in_order=True)


def clustered(entities: int, rows_each: int, random: Random) -> Mapping[str, float]:
    """Compare equal models on entities all of whose rows are the same."""
    truth, (champion, challenger) = Classes().draw(random, entities, [1.0, 1.0])
    rows = np.repeat(np.arange(entities), rows_each)
    return outcome("log_loss", truth[rows], champion[rows], [challenger[rows]], rows)


def rare(metric: str, rows: int, rate: float, answered: float, random: Random) -> Mapping[str, float]:
    """Compare a champion that sees the signal with a challenger that answers the same to everybody."""
    truth, (champion,) = Classes(rate).draw(random, rows, [0.3])
    return outcome(metric, truth, champion, [two_columns(np.full(rows, answered))])


def cells() -> Iterator[Cell]:
    """All cells of this part."""
    for metric, rows, challengers, situation in LEVELS:
        simulate = partial(independent, metric, rows, challengers, 0.0, situation)
        name = f"equal, {METRICS[metric].title}, {counted(rows, 'row')}, {counted(challengers, 'candidate')}"
        yield Cell("gate", name, simulate, bounds=(EQUAL,), ci_runs=100)


LEVELS: tuple[tuple[str, int, int, Situation], ...] = (("accuracy", 200, 1, Classes()), ("log_loss", 500, 5, Classes()))
