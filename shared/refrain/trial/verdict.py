"""Promote the challenger, dismiss it, or wait? A pure function of the evidence from service.

A challenger is dismissed as soon as harm is proved. It is promoted once there are enough rows, its failures are surely
few, and the labels, if there are enough, surely show no loss. At the end of its time it is promoted if there were
enough rows and nothing speaks against it; in doubt the champion stays.

Every test may be repeated as often as one likes (see `statistics.always_valid`). All proofs of harm together err, over
the whole trial, with a probability of at most 1 - `gate.confidence`, each with its share of it.

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
from refrain.words import counted, figure, milliseconds, share

if TYPE_CHECKING:
    from collections.abc import Mapping

    from preprocessing import Gate, Rollout
    from refrain.arrays import Floats, Truth

MAX_FAILED_REQUESTS = 0.01
"""A greater share of failing requests is harm."""
MAX_FAILED_ROWS = 0.05
"""To be promoted, a challenger has to prove that it fails on a smaller share of rows."""
TOLERATED_SHIFT = 0.1
"""How far, beyond the difference on the holdout, mean and spread of the answers may lie from the champion's."""
HARMFUL_LOSS = 0.005
"""A loss (between 0 and 1) greater by more than this is harm; less may be how the loss differs from the metric."""
TOLERATED_LOSS = 0.02
"""By how much greater a loss (between 0 and 1) counts as no worse."""
MIN_LABELS = 30
"""Fewer labels than this decide nothing, and the trial does not wait for more."""

_NONE: Floats = np.empty(0)


@dataclass(frozen=True)
class TrialFacts:
    """The evidence on a challenger after `minutes`, in the order in which it came.

    `failed` [rows] is 1 for each row that it was asked for and had no answer to; `requests` [rows] numbers the requests
    that the rows came with. `milliseconds` [requests] are for one row. `distances` [rows] (shadow) are those of its
    answers from the champion's; `shifts` (canary) the differences of its answers from the champion's to other rows
    [pairs], less the difference on the holdout, between -1 and 1. `losses` [labelled] are its losses less the
    champion's, between -1 and 1. `broken` says why it cannot be loaded. `disagreeing` is the share of rows with another
    label than the champion's, for information.
    """

    minutes: float
    failed: Floats = field(default_factory=lambda: _NONE)
    requests: Truth = field(default_factory=lambda: _NONE)
    milliseconds: Floats = field(default_factory=lambda: _NONE)
    distances: Floats = field(default_factory=lambda: _NONE)
    expected_distance: float = 0.0
    shifts: Mapping[str, Floats] = field(default_factory=dict)
    losses: Floats = field(default_factory=lambda: _NONE)
    disagreeing: float | None = None
    broken: str = ""

    @property
    def rows(self) -> int:
        """How many rows the challenger was asked for."""
        return len(self.failed)

    @property
    def tolerated_distance(self) -> float:
        """The mean distance from the champion's answers that is no harm: somewhat over twice that on the holdout."""
        return min(2 * self.expected_distance + 0.05, 0.95)


def reach_verdict(facts: TrialFacts, rollout: Rollout, gate: Gate) -> TrialVerdict:
    """Judge a challenger by the evidence so far."""
    alpha = (1 - gate.confidence) / (len(HARMS) - 1)
    harm = _harm(facts, gate, alpha)
    if harm:
        return harm
    enough = facts.rows >= rollout.least_rows
    safe = surely_below(facts.failed, MAX_FAILED_ROWS, alpha)
    labelled = len(facts.losses) >= MIN_LABELS
    if enough and safe and (not labelled or surely_below(_unit(facts.losses), _unit(TOLERATED_LOSS), alpha)):
        with_labels = f", on {counted(len(facts.losses), 'labelled row')} surely no worse" if labelled else ""
        return TrialVerdict(
            "promote", "proved", f"The challenger did well on {counted(facts.rows, 'row')}{with_labels}."
        )
    rows = f"{counted(facts.rows, 'row')} of the {counted(rollout.least_rows)} that are needed"
    if facts.minutes < rollout.most_minutes:
        evidence = "enough rows, but not enough certainty" if enough else rows
        return TrialVerdict("wait", "gathering", f"After {_time(facts.minutes)} there are {evidence}.")
    return _at_the_end(facts, rollout, enough and safe, rows)


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
    shifted = _shifted(facts, alpha)
    if shifted:
        return TrialVerdict("dismiss", "shifted", shifted)
    if surely_above(_unit(facts.losses), _unit(HARMFUL_LOSS), alpha):
        rows = counted(len(facts.losses), "labelled row")
        greater = f"by {figure(float(facts.losses.mean()))} on {rows}"
        return TrialVerdict("dismiss", "worse", f"The challenger's loss is greater than the champion's {greater}.")
    return None


def _shifted(facts: TrialFacts, alpha: float) -> str:
    """Say how much further the answers lie from the champion's than on the holdout, or return ""."""
    tolerated = facts.tolerated_distance
    if surely_above(facts.distances, tolerated, alpha):
        distance = f"{figure(float(facts.distances.mean()))} on average, where {figure(tolerated)} is tolerated"
        return f"The challenger's answers lie further from the champion's than on the holdout: {distance}."
    share_of_alpha = alpha / max(2 * len(facts.shifts), 1)
    bound = _unit(TOLERATED_SHIFT, 2.0)  # shifts are differences of differences
    for name, gaps in facts.shifts.items():
        if any(surely_above(_unit(side, 2.0), bound, share_of_alpha) for side in (gaps, -gaps)):
            shift = f"by {figure(float(gaps.mean()))} more than on the holdout"
            return f"The challenger's answers differ from the champion's ({name}) {shift}."
    return ""


def _at_the_end(facts: TrialFacts, rollout: Rollout, is_safe: bool, rows: str) -> TrialVerdict:
    """Judge a challenger whose time is over."""
    after = f"After {_time(facts.minutes)}"
    if facts.rows < rollout.least_rows:
        return TrialVerdict("dismiss", "too_few_rows", f"{after} there are only {rows}: the champion stays.")
    if not is_safe or (len(facts.losses) >= MIN_LABELS and facts.losses.mean() > TOLERATED_LOSS):
        reason = f"{after} it is not sure that the challenger is good: the champion stays."
        return TrialVerdict("dismiss", "doubtful", reason)
    return TrialVerdict("promote", "no_harm", f"{after} and {counted(facts.rows, 'row')} the challenger did no harm.")


def _by_request(facts: TrialFacts) -> Floats:
    """Return the share of failed rows of each request: rows that came together may fail together."""
    if not facts.rows:
        return _NONE
    _, first, numbers, rows = np.unique(facts.requests, return_index=True, return_inverse=True, return_counts=True)
    return np.asarray(np.bincount(numbers, weights=facts.failed) / rows, dtype=np.float64)[np.argsort(first)]


def _unit[Value: (float, Floats)](differences: Value, reach: float = 1.0) -> Value:
    """Bring differences between -reach and reach to numbers between 0 and 1."""
    return (differences + reach) / (2 * reach)


def _time(minutes: float) -> str:
    """Write a length of time.

    >>> _time(90), _time(3000), _time(0.5)
    ('90 minutes', '50 hours', '0.5 minutes')
    """
    return f"{minutes / 60:.0f} hours" if minutes > 120 else f"{minutes:.3g} minutes"
