"""Promote the challenger, dismiss it, or wait? A pure function of the evidence from service.

A challenger is dismissed as soon as harm is proved. It is promoted once there are enough rows and labels, its failures
are surely few, and it is surely no worse by the labels. At the end of its time nothing that is not proved promotes it.
Without labels the champion stays, unless the definition says that failures, speed and distance suffice.

Every test may be repeated as often as one likes (see `statistics.always_valid`). All proofs of harm together err, over
the whole trial, with a probability of at most 1 - `gate.confidence`, each with its share of it; so does the proof that
it is no worse. The two exclude each other: worse than the margin, or not.

>>> from preprocessing import Gate, Rollout
>>> facts = TrialFacts(minutes=90.0, failed=np.zeros(150))
>>> reach_verdict(facts, Rollout("canary", least_rows=200), Gate(None, None, 0.95, None)).reason
'After 90 minutes there are 150 rows of the 200 that are needed.'
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from refrain.lake.trial_outcome import HARMS, TrialVerdict
from refrain.statistics.always_valid import surely_above, surely_below
from refrain.words import counted, figure, milliseconds, share, signed

if TYPE_CHECKING:
    from preprocessing import Gate, Rollout
    from refrain.arrays import Floats, Truth
    from refrain.trial.labelled_gain import LabelledGain

MAX_FAILED_REQUESTS = 0.01
"""A greater share of failing requests is harm."""
MAX_FAILED_ROWS = 0.05
"""To be promoted, a challenger has to prove that it fails on a smaller share of rows."""

UNSAFE = f"it is not sure that the challenger answers {share(1 - MAX_FAILED_ROWS)} of the rows"

_NONE: Floats = np.empty(0)


@dataclass(frozen=True)
class TrialFacts:
    """The evidence on a challenger after `minutes`, in the order in which it came.

    `failed` [rows] is 1 for each row that it had no answer to; `requests` [rows] numbers the requests that they came
    with. `milliseconds` [requests] are for one row. `distances` [rows] are those of its answers from the champion's.
    `labelled` counts the rows with a usable label; `gain` is what they say, None where they say nothing yet. `broken`
    says why it cannot be loaded. `disagreeing` is the share of rows with another label than the champion's, for
    information.
    """

    minutes: float
    failed: Floats = field(default_factory=lambda: _NONE)
    requests: Truth = field(default_factory=lambda: _NONE)
    milliseconds: Floats = field(default_factory=lambda: _NONE)
    distances: Floats = field(default_factory=lambda: _NONE)
    tolerated_distance: float = 0.95
    labelled: int = 0
    gain: LabelledGain | None = None
    disagreeing: float | None = None
    broken: str = ""

    @property
    def rows(self) -> int:
        """How many rows the challenger was asked for."""
        return len(self.failed)


def risk_of_a_test(gate: Gate) -> float:
    """Return the probability with which one proof may err: an equal share for each harm that is tested."""
    return (1 - gate.confidence) / (len(HARMS) - 1)


def reach_verdict(facts: TrialFacts, rollout: Rollout, gate: Gate) -> TrialVerdict:
    """Judge a challenger by the evidence so far."""
    alpha = risk_of_a_test(gate)
    harm = _harm(facts, gate, alpha)
    if harm:
        return harm
    is_safe = surely_below(facts.failed, MAX_FAILED_ROWS, alpha)
    is_ready = is_safe and facts.rows >= rollout.least_rows and facts.minutes >= rollout.least_minutes
    has_labels = facts.labelled >= rollout.least_labels
    if is_ready and has_labels and facts.gain and facts.gain.is_no_worse(alpha):
        well = f"The challenger did well on {counted(facts.rows, 'row')}, and by its labels it is surely no worse"
        return TrialVerdict("promote", "proved", f"{well}: {_figures(facts.gain, alpha)}.")
    if is_ready and not has_labels and rollout.without_labels == "promote":
        reason = f"The challenger did well on {counted(facts.rows, 'row')}. {_unlabelled(facts)}"
        return TrialVerdict("promote", "unlabelled", reason)
    progress = _progress(facts, rollout, _open(facts, alpha) if is_safe else UNSAFE)
    if facts.minutes < rollout.most_minutes:
        return TrialVerdict("wait", "gathering", f"After {_time(facts.minutes)} {progress}.")
    return _at_the_end(facts, rollout, progress)


def _harm(facts: TrialFacts, gate: Gate, alpha: float) -> TrialVerdict | None:
    """Return the first harm that is proved."""
    if facts.broken:
        return TrialVerdict("dismiss", "broken", f"The challenger cannot be served: {facts.broken}.")
    if surely_above(_by_request(facts), MAX_FAILED_REQUESTS, alpha):
        failed = f"{share(float(facts.failed.mean()))} of {counted(facts.rows, 'row')}"
        return TrialVerdict("dismiss", "failing", f"The challenger had no answer to {failed}.")
    limit = gate.max_latency_ms
    if limit is not None and surely_above((facts.milliseconds > limit).astype(np.float64), 0.5, alpha):
        time = f"{milliseconds(float(np.median(facts.milliseconds)))} for one row in service"
        return TrialVerdict("dismiss", "too_slow", f"The challenger takes {time}; {milliseconds(limit)} are allowed.")
    if surely_above(facts.distances, facts.tolerated_distance, alpha):
        tolerated = f"where {figure(facts.tolerated_distance)} is tolerated"
        distance = f"{figure(float(facts.distances.mean()))} on average, {tolerated}"
        reason = f"The challenger's answers lie further from the champion's than on the holdout: {distance}."
        return TrialVerdict("dismiss", "shifted", reason)
    if facts.gain and facts.gain.is_harmful(alpha):
        return TrialVerdict("dismiss", "worse", f"The challenger is surely worse: {_figures(facts.gain, alpha)}.")
    return None


def _progress(facts: TrialFacts, rollout: Rollout, open_question: str) -> str:
    """Say what a trial still waits for."""
    if facts.rows < rollout.least_rows:
        return f"there are {counted(facts.rows, 'row')} of the {counted(rollout.least_rows)} that are needed"
    if facts.labelled < rollout.least_labels and rollout.without_labels == "keep":
        needed = f"of the {counted(rollout.least_labels)} that are needed"
        return f"there are {counted(facts.labelled, 'labelled row')} {needed}"
    if facts.minutes < rollout.least_minutes:
        return f"it is too early: a trial takes at least {_time(rollout.least_minutes)}"
    return f"it is not decided: {open_question}"


def _at_the_end(facts: TrialFacts, rollout: Rollout, progress: str) -> TrialVerdict:
    """Judge a challenger whose time is over: the champion stays."""
    reason = f"The champion stays: after {_time(facts.minutes)} {progress}."
    if facts.rows < rollout.least_rows:
        return TrialVerdict("dismiss", "too_few_rows", reason)
    if facts.labelled < rollout.least_labels and rollout.without_labels == "keep":
        return TrialVerdict("dismiss", "no_labels", f"{reason} {_unlabelled(facts)}")
    return TrialVerdict("dismiss", "undecided", reason)


def _unlabelled(facts: TrialFacts) -> str:
    """Say what could not be seen without labels."""
    labels = f"Only {counted(facts.labelled, 'label')} came" if facts.labelled else "No label came"
    return f"{labels}: only failures, speed and the distance of the answers were checked."


def _open(facts: TrialFacts, alpha: float) -> str:
    """Say what the labels show, and about how many more of them would decide."""
    if facts.gain is None:
        return "the labels give no figure yet"
    more = f"about {counted(facts.gain.rows_needed(alpha), 'labelled row')} more would decide"
    return f"{_figures(facts.gain, alpha)}; {more}"


def _figures(gain: LabelledGain, alpha: float) -> str:
    """Write a gain with its interval and the margin.

    >>> from refrain.trial.labelled_gain import LabelledGain
    >>> _figures(LabelledGain("ROC AUC", 400, 400.0, 90.0, -0.004, 0.002, 0.01, 400.0), 0.0125)
    'the gain of ROC AUC is −0.00400 (−0.0110 to +0.00276) on 400 labelled rows, and −0.0100 is tolerated'
    """
    low, high = gain.interval(alpha)
    interval = f"{signed(gain.gain)} ({signed(low)} to {signed(high)})"
    rows = counted(gain.rows, "labelled row")
    return f"the gain of {gain.title} is {interval} on {rows}, and {signed(-gain.margin)} is tolerated"


def _by_request(facts: TrialFacts) -> Floats:
    """Return the share of failed rows of each request: rows that came together may fail together."""
    if not facts.rows:
        return _NONE
    _, first, numbers, rows = np.unique(facts.requests, return_index=True, return_inverse=True, return_counts=True)
    return np.asarray(np.bincount(numbers, weights=facts.failed) / rows, dtype=np.float64)[np.argsort(first)]


def _time(minutes: float) -> str:
    """Write a length of time.

    >>> _time(90), _time(3000), _time(0.5)
    ('90 minutes', '50 hours', '0.5 minutes')
    """
    return f"{minutes / 60:.0f} hours" if minutes > 120 else f"{minutes:.3g} minutes"
