"""The times of a trial: how long it may take, and how often the challenger is judged."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from refrain.lake.deployment import Challenger
from refrain.times import from_iso, to_iso_milliseconds

if TYPE_CHECKING:
    from preprocessing import Rollout
    from refrain.lake.deployment import Served

USUAL_JUDGEMENTS = 100
MAX_JUDGEMENTS = 1000
"""A state machine's execution may have 25,000 events, and a judgement has about a dozen."""

MAX_PAUSE_SECONDS = 300
"""Captured lines reach the lake within about as long."""

GRACE = timedelta(minutes=30)
"""How long after its time a challenger still gets requests, for the last judgement."""


def pause_seconds(rollout: Rollout) -> int:
    """Return how long to wait between two judgements: a hundredth of the trial, at most five minutes.

    >>> from preprocessing import Rollout
    >>> pause_seconds(Rollout("shadow")), pause_seconds(Rollout("shadow", most_minutes=0.5))
    (300, 1)
    """
    seconds = rollout.most_minutes * 60
    return max(1, round(max(min(seconds / USUAL_JUDGEMENTS, MAX_PAUSE_SECONDS), seconds / MAX_JUDGEMENTS)))


def make_challenger(served: Served, rollout: Rollout) -> Challenger:
    """Put a version on trial from the time that `served` names, as `rollout` asks for."""
    length = timedelta(minutes=rollout.most_minutes) + 2 * timedelta(seconds=pause_seconds(rollout)) + GRACE
    until = to_iso_milliseconds(from_iso(served.since) + length)
    return Challenger(served.version, served.since, served.metric, served.value, rollout.mode, rollout.share, until)
