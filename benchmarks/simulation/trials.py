"""Cells of the trial: is a harmful challenger dismissed, and one as good as the champion promoted?

The challenger on the holdout is always as good as the champion: what it does in service is another matter. Each trial
is looked at again and again, and ends at the first look that decides, or after the longest number of rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np

from benchmarks.simulation.cell import Bound, Cell
from benchmarks.simulation.situations import two_columns
from benchmarks.simulation.trials_before import BEFORE
from preprocessing import Gate, Rollout
from refrain.evaluation.evaluated_model import Holdout
from refrain.evaluation.expected_trial import expect_trial
from refrain.lake.trial_outcome import HARMS, TrialVerdict
from refrain.statistics.margins import Margin
from refrain.statistics.metrics import METRICS
from refrain.statistics.trivial_predictor import learn_trivial_answer
from refrain.trial.labelled_gain import compare_labelled
from refrain.trial.verdict import TrialFacts, reach_verdict
from refrain.words import share

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from benchmarks.simulation.cell import Random
    from refrain.arrays import Floats, Truth
    from refrain.lake.expectation import Expectation

    type Answered = tuple[Truth, Floats, Floats]
    """The truth, and the answers of champion and challenger."""
    type Draw = Callable[[Random, int, str], Answered]

HOLDOUT_ROWS = 3000
GATE = Gate(None, None, 0.95, None)
HARMFUL = (Bound("promoted", at_most=0.02),)
NEVER = Bound("promoted", at_most=0.0)
UNHARMED = Bound("dismissed for harm", at_most=0.01)
HARMLESS = (Bound("promoted", at_least=0.8), UNHARMED)
KINDS = ("equal", "constant", "zero", "wrong rows", "noisy", "biased")
BASES = {0.013: 0.01, 0.052: 0.05, 0.205: 0.3}
"""The parameter of the chance of an event for each event rate."""


@dataclass(frozen=True)
class Service:
    """What comes in during a trial: rows of `draw`, with a challenger of a kind, up to the `longest` number of them.

    `alike` rows of one request are the same row, and each entity comes so many times `again`. A share of the rows is
    `labelled`, so many rows `late`. Without `sees_distance` the labels are all that tells of harm.
    """

    metric: str
    draw: Draw
    longest: int
    without_labels: Literal["keep", "promote"] = "keep"
    alike: int = 1
    again: int = 1
    labelled: float = 1.0
    late: int = 0
    sees_distance: bool = True


def events(rate: float, random: Random, rows: int, kind: str) -> Answered:
    """Draw events of this rate, a good champion, and a challenger of a kind."""
    base, signal = np.log(BASES[rate] / (1 - BASES[rate])) - 1.2, random.normal(0, 1.8, rows)
    truth = (random.random(rows) < _logistic(base + signal)).astype(np.int64)
    champion = _logistic(base + signal + random.normal(0, 0.3, rows))
    match kind:
        case "equal":
            challenger = _logistic(base + signal + random.normal(0, 0.3, rows))
        case "constant":
            challenger = np.full(rows, rate)
        case "zero":
            challenger = np.full(rows, 1e-4)
        case "wrong rows":
            challenger = random.permutation(champion)
        case "noisy":
            challenger = _logistic(base + signal + random.normal(0, 1.5, rows))
        case _:
            challenger = _logistic(base + signal + 1)
    return truth, two_columns(champion), two_columns(challenger)


def values(error: float, random: Random, rows: int, kind: str) -> Answered:
    """Draw values whose champion errs by `error`, and a challenger that errs so many times as much."""
    truth = random.normal(0, 0.2, rows)
    factor = 1.0 if kind == "equal" else float(kind)
    errors = random.normal(0, error, (2, rows, 1))
    return truth, truth[:, np.newaxis] + errors[0], truth[:, np.newaxis] + factor * errors[1]


def turns(length: int, random: Random, rows: int, kind: str) -> Answered:
    """Draw values which champion and challenger err on in turns, for about so many rows at a time."""
    truth, champion, challenger = values(0.05, random, rows, kind)
    spells = np.repeat(random.normal(size=rows // length + 1), length)[:rows, np.newaxis]
    scale = 1 + 0.8 * np.sign(spells)
    column = truth[:, np.newaxis]
    return truth, column + scale * (champion - column), column + (2 - scale) * (challenger - column)


def spells(length: int, random: Random, rows: int, kind: str) -> Answered:
    """Draw values which the champion errs on by more than an equal challenger, much more for some spells of rows."""
    truth, champion, challenger = values(0.05, random, rows, "equal")
    factor = 1 + np.repeat(np.abs(random.normal(size=rows // length + 1)), length)[:rows, np.newaxis]
    column = truth[:, np.newaxis]
    return truth, column + (1 if kind == "equal" else factor) * (champion - column), challenger


def conduct(service: Service, kind: str, random: Random) -> Mapping[str, float]:
    """Conduct one trial: look at it as its rows come, until it is decided."""
    expectation = _expectation(service, random)
    distinct = service.longest // service.alike // service.again
    answered = service.draw(random, distinct, kind)
    rows = np.tile(np.repeat(np.arange(distinct), service.alike), service.again)
    truth, champion, challenger = answered[0][rows], answered[1][rows], answered[2][rows]
    distances = expectation.distances(*answered[1:])
    has_label = random.random(len(rows)) < service.labelled
    rollout = Rollout("shadow", without_labels=service.without_labels, least_minutes=0.0)
    verdict = TrialVerdict("wait", "gathering", "")
    for count in looks(len(rows)):
        labelled = np.flatnonzero(has_label[: max(count - service.late, 0)])
        gain = compare_labelled(
            METRICS[service.metric],
            truth[labelled],
            champion[labelled],
            challenger[labelled],
            expectation,
            labelled // service.alike,
            rows[labelled] if service.again > 1 else None,
        )
        facts = TrialFacts(
            minutes=math.inf if count == len(rows) else 60.0,
            failed=np.zeros(count),
            requests=np.arange(count) // service.alike,
            distances=distances[: min(count // service.alike, distinct)],
            tolerated_distance=expectation.tolerated_distance if service.sees_distance else 0.95,
            labelled=len(labelled),
            gain=gain,
        )
        verdict = reach_verdict(facts, rollout, GATE)
        if verdict.verdict != "wait":
            break
    promoted, harmed = verdict.verdict == "promote", verdict.code in HARMS
    return {"promoted": promoted, "dismissed for harm": harmed, "rows": int(count), "longest": service.longest}


def looks(longest: int) -> NDArray[np.int64]:
    """Return after how many rows one looks: at first each 200, later each thousand or more.

    >>> looks(4500).tolist()
    [100, 300, 500, 700, 900, 1100, 1300, 1500, 1700, 1900, 2000, 3000, 4000, 4500]
    """
    numbers = np.r_[np.arange(100, 2000, 200), np.arange(2000, longest, max(1000, longest // 10))]
    return np.append(numbers[numbers < longest], longest)


def _expectation(service: Service, random: Random) -> Expectation:
    """Expect what a holdout shows, where the challenger is as good as the champion."""
    metric = METRICS[service.metric]
    truth, champion, challenger = service.draw(random, HOLDOUT_ROWS, "equal")
    classes = ["no", "yes"] if metric.task == "classification" else []
    trivial = np.tile(learn_trivial_answer(metric, truth, len(classes)), (len(truth), 1))
    margin = Margin.of(metric, metric.value(truth, champion), metric.value(truth, trivial), GATE.margin).amount
    return expect_trial(metric, Holdout(truth, classes, times=np.arange(len(truth))), champion, challenger, margin)


def _logistic(numbers: Floats) -> Floats:
    return 1 / (1 + np.exp(-numbers))


def cells() -> Iterator[Cell]:
    """All cells of this part."""
    for (metric, rate), longest in LONGEST.items():
        service, name = (
            Service(metric, partial(events, rate), longest),
            f"{METRICS[metric].title}, events {share(rate)}",
        )
        equal = (UNHARMED,) if (metric, rate) == ("brier", 0.013) else None
        yield from (_cell(f"{name}, {kind}", service, kind, equal if kind == "equal" else None) for kind in KINDS)
        alone = replace(service, sees_distance=False)
        yield from (_cell(f"{name}, {kind}, by labels alone", alone, kind) for kind in ("constant", "noisy"))
    for error in ERRORS:
        service = Service("mae", partial(values, error), 3_000)
        yield from (_cell(f"MAE, champion errs by {error:g}, {name}", service, kind) for kind, name in FACTORS.items())
    yield from _other_cells()


def _other_cells() -> Iterator[Cell]:
    usual = Service("log_loss", partial(events, 0.205), 4_000)
    for name, service in {
        "half the labels come, 1,000 rows late": replace(usual, longest=6_000, labelled=0.5, late=1_000),
        "rows come ten times in a request": replace(usual, longest=30_000, alike=10),
        "entities come ten times": replace(usual, longest=30_000, again=10),
    }.items():
        yield from (_cell(f"{name}, {kind}", service, kind) for kind in ("equal", "noisy", "biased"))
    for length, bounds in {50: (UNHARMED,), 500: ()}.items():  # the holdout has room for six of the long turns
        service = Service("mae", partial(turns, length), 30_000)
        yield _cell(f"MAE, equal in turns of {length} rows", service, "equal", bounds)
        service = Service("mae", partial(spells, length), 8_000)
        yield _cell(f"MAE, better, for spells of {length} rows", service, "better", HARMLESS)
    for kind in KINDS:
        unlabelled = replace(usual, labelled=0.0)
        yield _cell(f"no label comes, {kind}", unlabelled, kind, (NEVER,))
        accepted = replace(unlabelled, without_labels="promote")
        yield _cell(f"no label comes and the definition accepts that, {kind}", accepted, kind, ())


def _cell(name: str, service: Service, kind: str, bounds: tuple[Bound, ...] | None = None) -> Cell:
    usual: tuple[Bound, ...] = HARMLESS if kind == "equal" else HARMFUL
    if service.metric == "roc_auc" and kind == "biased":
        usual = ()  # its order is right, so by this metric it is no worse
    limits = usual if bounds is None else bounds
    before = BEFORE.get(name.replace("ROC AUC", "log loss").replace(METRICS["brier"].title, "log loss"))
    figures = dict(zip(("promoted", "dismissed for harm", "rows"), before, strict=True)) if before else {}
    runs = 300 if kind != "equal" or service.longest <= 8_000 else 100
    return Cell("trials", name, partial(conduct, service, kind), runs, limits, CI_RUNS.get(name, 0), figures)


LONGEST = {
    ("log_loss", 0.013): 25_000,
    ("log_loss", 0.052): 8_000,
    ("log_loss", 0.205): 4_000,
    ("roc_auc", 0.013): 40_000,
    ("roc_auc", 0.052): 8_000,
    ("roc_auc", 0.205): 4_000,
    ("brier", 0.013): 12_000,
    ("brier", 0.205): 5_000,
    ("accuracy", 0.205): 90_000,
}
"""How many rows a trial takes at most, by metric and event rate: so many that equal ones are decided on.

All but squared errors of rare events: there an equal challenger would need about 100,000.
"""
ERRORS = (0.005, 0.02, 0.1)
FACTORS = {"equal": "equal", "2": "twice the error", "3": "three times the error"}
CI_RUNS = {
    "log loss, events 1.3 %, constant, by labels alone": 50,
    "log loss, events 20.5 %, equal": 100,
    "MAE, champion errs by 0.005, twice the error": 100,
}
