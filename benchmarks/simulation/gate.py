"""Cells of the gate: does a run promote the right model?"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.simulation.cell import Bound, Cell
from benchmarks.simulation.gate_before import AT_THE_SAME_ERROR, BEFORE
from benchmarks.simulation.situations import (
    Classes,
    Values,
    autoregressive,
    champion_figure,
    measured_by,
    noise_for,
    two_columns,
)
from refrain.statistics.comparison import ComparedRows, ComparisonRules, compare_models
from refrain.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from numpy.typing import NDArray

    from benchmarks.simulation.cell import Random, Simulate
    from benchmarks.simulation.situations import Situation
    from refrain.arrays import Floats, Truth

DRAW = 20261130
"""The constants of the engine were chosen on draw 0."""
MORE_RUNS = 10_000
CLOSE = (
    "equal models: RMSE, 200 rows, 1 candidate",
    "equal models: ROC AUC, rate 0.05, 2,000 rows, 5 candidates",
    "equal models in time: autocorrelation 0.5, 500 rows",
    "equal models in time: autocorrelation 0.8, 2,000 rows",
    "equal models in time: autocorrelation 0.97 hidden in noise, 2,000 rows",
    "a better challenger: log loss, +5 % of the loss, 200 rows, 1 candidate",
)
"""Cells that came so close to their bound that 2,000 runs could not tell."""
CI_RUNS = 300
CI = (
    "equal models: accuracy, 200 rows, 5 candidates",
    "equal models, ties: 4 of 200 rows differ",
    "equal models in time: autocorrelation 0.9, 500 rows",
    "equal models, clusters: 50 entities of 20 rows each",
    "a worse challenger: Brier score, the same answer to everybody, rate 0.01, 200 rows",
    "a better challenger: ROC AUC, +2 points, 200 rows, 1 candidate",
)
"""The cells of the test suite."""


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
    compared = compare_models(measured_by(metric), rows, champion, answers, ComparisonRules()).candidates
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


def beside_before(simulate: Simulate, before: float, random: Random) -> Mapping[str, float]:
    """Add by how much fewer challengers are promoted than by the code before, at the same error."""
    figures = simulate(random)
    return {**figures, "power lost": before - figures["promoted"]}


def useless(metric: str, rows: int, random: Random) -> Mapping[str, float]:
    """Compare a first model of useless features with the trivial predictor."""
    truth, _ = Classes().draw(random, rows, [])
    useless_features = two_columns(1 / (1 + np.exp(-random.normal(0, 0.3, rows))))
    return outcome(metric, truth, two_columns(np.full(rows, 0.5)), [useless_features])


def cells() -> Iterator[Cell]:
    """All cells of this part."""
    equal_models: dict[str, Mapping[str, Simulate]] = {
        "equal models": _equal(),
        "equal models, ties": _ties(),
        "equal models in time": _following(),
        "equal models, clusters": _clustered(),
        "a first model": {"useless features, log loss, 500 rows": partial(useless, "log_loss", 500)},
    }
    for group, simulations in equal_models.items():
        yield from _cells(group, simulations, 2000, Bound("promoted", at_most=0.06))
    yield from _cells("a worse challenger", _worse(), 2000, Bound("promoted", at_most=0.01))
    yield from _cells("a better challenger", _better(), 1000, Bound("power lost", at_most=0.03))


def _cells(group: str, simulations: Mapping[str, Simulate], runs: int, bound: Bound) -> Iterator[Cell]:
    for situation, simulate in simulations.items():
        name = f"{group}: {situation}"
        if name in AT_THE_SAME_ERROR:
            simulate = partial(beside_before, simulate, AT_THE_SAME_ERROR[name])
        ci_runs, before = CI_RUNS if name in CI else 0, {"promoted": BEFORE[name]}
        told_by = MORE_RUNS if name in CLOSE else runs
        yield Cell("gate", name, simulate, told_by, (bound,), ci_runs, before, DRAW)


def _equal() -> Mapping[str, Simulate]:
    situations = (
        *(("accuracy", rows, number, 0.5) for rows, number in ((200, 1), (200, 5), (2000, 1), (2000, 10), (20_000, 1))),
        *(("roc_auc", rows, number, rate) for rows, number, rate in ((200, 1, 0.5), (2000, 5, 0.05), (2000, 1, 0.01))),
        *(("log_loss", rows, number, 0.5) for rows, number in ((200, 1), (2000, 10))),
        *(("log_loss", rows, 1, rate) for rows, rate in ((500, 0.05), (2000, 0.01), (20_000, 0.01))),
        *(("f1", rows, 1, rate) for rows, rate in ((200, 0.5), (2000, 0.05))),
        *((metric, 500, 1, 0.2) for metric in ("average_precision", "brier", "balanced_accuracy")),
        *((metric, 200, 1, None) for metric in ("rmse", "mae", "r2")),
        *(("rmse", 2000, number, None) for number in (1, 10)),
    )
    return dict(_independent(metric, rows, number, 0.0, rate) for metric, rows, number, rate in situations)


def _worse() -> Mapping[str, Simulate]:
    situations = (
        *((metric, rows, -0.02, 0.5) for metric in ("accuracy", "roc_auc", "f1") for rows in (200, 2000)),
        *(("log_loss", rows, -0.05, rate) for rows, rate in ((200, 0.5), (2000, 0.05))),
        *((metric, 200, -0.05, None) for metric in ("rmse", "mae")),
    )
    constant = {
        f"{measured_by(metric).title}, the same answer to everybody, rate {rate}, {counted(rows, 'row')}": partial(
            rare, metric, rows, rate, rate
        )
        for metric, rows, rate in (
            ("log_loss", 200, 0.01), ("log_loss", 1000, 0.01), ("log_loss", 500, 0.05), ("roc_auc", 500, 0.01),
            ("brier", 200, 0.01), ("brier", 1000, 0.01), ("average_precision", 500, 0.01),
        )
    }  # fmt: skip
    return {**dict(_independent(metric, rows, 1, gain, rate) for metric, rows, gain, rate in situations), **constant}


def _better() -> Mapping[str, Simulate]:
    situations = (
        ("accuracy", 200, 1, 0.02, 0.5),
        ("accuracy", 2000, 1, 0.01, 0.5),
        ("accuracy", 2000, 5, 0.01, 0.5),
        ("roc_auc", 200, 1, 0.02, 0.5),
        ("roc_auc", 2000, 1, 0.01, 0.5),
        ("roc_auc", 2000, 1, 0.02, 0.05),
        ("log_loss", 200, 1, 0.05, 0.5),
        ("log_loss", 2000, 1, 0.01, 0.5),
        ("log_loss", 2000, 10, 0.02, 0.5),
        ("f1", 2000, 1, 0.01, 0.5),
        ("average_precision", 2000, 1, 0.02, 0.2),
        ("brier", 2000, 1, 0.02, 0.2),
        ("rmse", 200, 1, 0.05, None),
        ("rmse", 2000, 1, 0.02, None),
        ("mae", 200, 1, 0.05, None),
        ("r2", 2000, 1, 0.01, None),
    )
    return dict(_independent(*situation) for situation in situations)


def _ties() -> Mapping[str, Simulate]:
    return {
        f"{counted(differing, 'row')} of 200 {'differs' if differing == 1 else 'differ'}": partial(
            tied, "accuracy", differing
        )
        for differing in (1, 2, 3, 4, 5, 7, 12)
    }


def _following() -> Mapping[str, Simulate]:
    lasting = {
        f"autocorrelation {correlation}, {counted(rows, 'row')}": partial(following, rows, correlation, 0.0)
        for rows in (500, 2000)
        for correlation in (0.0, 0.5, 0.8, 0.9, 0.97)
    }
    hidden = {
        f"autocorrelation 0.97 hidden in noise, {counted(rows, 'row')}": partial(following, rows, 0.97, 1.0)
        for rows in (2000, 10_000)
    }
    return lasting | hidden


def _clustered() -> Mapping[str, Simulate]:
    return {
        f"{entities} entities of {counted(rows, 'row')} each": partial(clustered, entities, rows)
        for entities, rows in ((1000, 1), (200, 5), (50, 20), (20, 50))
    }


def _independent(metric: str, rows: int, challengers: int, gain: float, rate: float | None) -> tuple[str, Simulate]:
    """Name the situation, and simulate it. A gain of a loss is a share of the champion's."""
    situation: Situation = Values() if rate is None else Classes(rate)
    measure = measured_by(metric)
    scale = 1.0 if measure.greater_is_better else champion_figure(metric, situation)
    size = f"{100 * gain:+.0f} {'points' if measure.greater_is_better else '% of the loss'}, " if gain else ""
    rare_events = f"rate {rate}, " if rate not in (None, 0.5) else ""
    name = f"{measure.title}, {size}{rare_events}{counted(rows, 'row')}, {counted(challengers, 'candidate')}"
    return name, partial(independent, metric, rows, challengers, scale * gain, situation)
