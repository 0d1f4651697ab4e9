"""The terms of a trial: how long it may take, and how often somebody looks."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from refrain.lake.deployment import Challenger
from refrain.times import to_iso_milliseconds

if TYPE_CHECKING:
    from preprocessing import Rollout
    from refrain.lake.deployment import Served

LOOKS = 100
MOST_LOOKS = 1000
"""A state machine's execution may have 25,000 events, and a look has about a dozen."""

LONGEST_PAUSE = 300
"""Seconds; captured lines reach the lake within about as many."""

GRACE = timedelta(minutes=30)
"""How long after its time a challenger is still asked, for the judge's last look; then it is forgotten."""


def pause_seconds(rollout: Rollout) -> int:
    """Return how long to wait between two looks: a hundredth of the time, at most five minutes.

    >>> from preprocessing import Rollout
    >>> pause_seconds(Rollout("shadow")), pause_seconds(Rollout("shadow", most_minutes=0.5))
    (300, 1)
    """
    seconds = rollout.most_minutes * 60
    return max(1, round(max(min(seconds / LOOKS, LONGEST_PAUSE), seconds / MOST_LOOKS)))


def challenger_of(served: Served, rollout: Rollout) -> Challenger:
    """Put a version on trial from the moment that `served` names."""
    time = timedelta(minutes=rollout.most_minutes) + 2 * timedelta(seconds=pause_seconds(rollout)) + GRACE
    until = to_iso_milliseconds(datetime.fromisoformat(served.since) + time)
    return Challenger(served.version, served.since, served.metric, served.value, rollout.mode, rollout.share, until)
