"""Which versions of a model are in service and on trial: one small object, changed by compare-and-swap only.

It holds its last move, so the log can always be completed from it. The moves are in `deployment_moves`, their log in
`deployment_log`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from refrain.lake.deployment_log import DeploymentLog, LogEntry
from refrain.lake.document import Document, SwappedDocument
from refrain.times import from_iso, to_iso

if TYPE_CHECKING:
    from preprocessing import Rollout
    from refrain.aws.storage import Store

USUAL_JUDGEMENTS = 100
MAX_JUDGEMENTS = 1000
"""A state machine's execution may have 25,000 events, and a judgement has about a dozen."""
MAX_PAUSE_SECONDS = 300
"""Captured lines reach the lake within about as long."""
GRACE = timedelta(minutes=30)
"""How long after its time a challenger still gets requests, for the last judgement."""


@dataclass(frozen=True)
class Served(Document):
    """A version in service since a time (ISO 8601), with the figure that it was promoted for."""

    version: str
    since: str
    metric: str
    value: float | None

    @classmethod
    def by_move(cls, entry: LogEntry) -> Served:
        """Return the version that a move put into service."""
        return Served(entry.version, entry.time, entry.metric or "", entry.value)


@dataclass(frozen=True)
class Challenger(Served):
    """A version on trial: `mode` is shadow or canary, `share` that of a canary.

    After `until` nobody judges it any more, so it gets no more requests, and another may take its place.
    """

    mode: str
    share: float
    until: str


@dataclass(frozen=True)
class Withdrawn(Document):
    """A version that did harm, and the digest of its snapshot: no run learns from that snapshot again."""

    version: str
    digest: str
    at: str


@dataclass(frozen=True)
class Deployment(SwappedDocument):
    """The versions of one model, and the `last` move, which counts the moves.

    `previous` is served when the champion turns out to be broken.
    """

    path = "deployments/{}.json"

    model: str
    champion: Served | None
    previous: Served | None
    challenger: Challenger | None
    last: LogEntry | None
    withdrawn: tuple[Withdrawn, ...] = ()

    @classmethod
    def absent(cls, model: str) -> Self:
        """Return an empty one, before the first promotion."""
        return cls(model, None, None, None, None)

    @property
    def champion_version(self) -> str | None:
        """The champion's version, or None."""
        return self.champion.version if self.champion else None

    @property
    def challenger_version(self) -> str | None:
        """The challenger's version, or None."""
        return self.challenger.version if self.challenger else None

    @property
    def sequence(self) -> int:
        """The number of moves so far."""
        return self.last.sequence if self.last else 0

    def log(self, store: Store) -> DeploymentLog:
        """Return the log of the moves up to this state."""
        return DeploymentLog(store, self.last)

    def withdrew(self, version: str | None) -> bool:
        """Tell whether a version was withdrawn; its own run does not bring it back."""
        return any(withdrawn.version == version for withdrawn in self.withdrawn)


def pause_seconds(rollout: Rollout) -> int:
    """Return how long to wait between two judgements: a hundredth of the trial, at most five minutes.

    >>> from preprocessing import Rollout
    >>> pause_seconds(Rollout("shadow")), pause_seconds(Rollout("shadow", most_minutes=0.5))
    (300, 1)
    """
    seconds = rollout.most_minutes * 60
    return max(1, round(max(min(seconds / USUAL_JUDGEMENTS, MAX_PAUSE_SECONDS), seconds / MAX_JUDGEMENTS)))


def approval_terms(rollout: Rollout) -> dict[str, object]:
    """Return whether people are asked before a version goes into service, and for how many seconds a run waits."""
    return {"approval": rollout.approval, "approval_seconds": max(1, round(rollout.approval_hours * 3600))}


def make_challenger(served: Served, rollout: Rollout) -> Challenger:
    """Put a version on trial from the time that `served` names, as `rollout` asks for."""
    length = timedelta(minutes=rollout.most_minutes) + 2 * timedelta(seconds=pause_seconds(rollout)) + GRACE
    until = to_iso(from_iso(served.since) + length, "milliseconds")
    return Challenger(served.version, served.since, served.metric, served.value, rollout.mode, rollout.share, until)
