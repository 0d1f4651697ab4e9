"""How a trial stands or ended: what the judge writes, and the next states, the deployment's log and the report read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from refrain.lake.document import Document

Harm = Literal["broken", "failing", "too_slow", "shifted", "worse"]
TrialCode = Literal[
    Harm, "proved", "unlabelled", "too_few_rows", "no_labels", "undecided", "gathering", "superseded", "unjudged"
]
HARMS: tuple[Harm, ...] = get_args(Harm)
"""Codes of a challenger that did harm: no run learns again from the rows that it learned from."""


@dataclass(frozen=True)
class TrialVerdict(Document):
    """What to do with a challenger, a code for the reason, and a sentence for people."""

    verdict: Literal["promote", "dismiss", "wait", "superseded"]
    code: TrialCode
    reason: str


@dataclass(frozen=True)
class TrialFigures(Document):
    """The evidence in a few numbers, None where there is none.

    `gain` is the challenger's on labelled rows, in the metric's unit and positive when better; the true one lies from
    `gain_low` to `gain_high`. It is no worse above minus `margin`.
    """

    minutes: float
    rows: int
    failed: float | None
    milliseconds: float | None
    disagreeing: float | None
    distance: float | None
    distance_tolerated: float | None
    labelled: int
    gain: float | None
    gain_low: float | None
    gain_high: float | None
    margin: float | None


@dataclass(frozen=True)
class TrialOutcome(TrialVerdict):
    """A verdict with its time and figures; a challenger that could not be judged has no figures."""

    at: str
    figures: TrialFigures | None
