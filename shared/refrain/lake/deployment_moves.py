"""The moves of a deployment: each is a pure change of the pointer, tried by compare-and-swap, and an entry of the log.

The pointer holds the entry, so a move is made once the pointer is written. Every move first completes the log. A move
that is made already changes nothing.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from refrain.aws.storage import to_json
from refrain.errors import ChallengerChanged, ChampionChanged, Conflict, StorageError
from refrain.lake.deployment import Deployment, Served, Withdrawn, make_challenger
from refrain.lake.deployment_log import LogEntry
from refrain.times import from_iso, to_iso, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable

    from preprocessing import Rollout
    from refrain.aws.storage import Store
    from refrain.lake.deployment_log import Event
    from refrain.times import Clock

logger = logging.getLogger("refrain")

MAX_TRIES = 8
MAX_WITHDRAWN = 20

type Reasons = dict[str, Any]
"""Who moved the deployment and why, and the version's figure: further fields of the log's entry."""

type Change = Callable[[Deployment, LogEntry], Deployment]
"""Makes a move that an entry describes, or returns the deployment as it is; raises when the move is not possible."""


def set_champion(
    store: Store,
    model: str,
    version: str,
    *,
    expected: str | None,
    reasons: Reasons,
    on_trial: bool = False,
    refresh: bool = False,
    clock: Clock = utc_now,
) -> Deployment:
    """Make a version champion in the place of the `expected` version; with `on_trial` it has to be the challenger.

    With `refresh` it is the champion's own recipe, fitted again. Raises `ChampionChanged`, also when the version was
    withdrawn, and `ChallengerChanged`, also for a refresh during the trial of another version: that is compared with
    the champion that is in service.
    """

    def change(current: Deployment, entry: LogEntry) -> Deployment:
        if current.champion_version == version:
            return current
        _check_unmoved(current, expected, version)
        if on_trial and current.challenger_version != version:
            raise ChallengerChanged(model, version, current.challenger_version)
        if refresh and not on_trial:
            _check_no_trial(current, entry)
        champion = Served.by_move(entry)
        return replace(current, champion=champion, previous=current.champion, challenger=None, last=entry)

    return _move(store, model, "refreshed" if refresh else "promoted", version, reasons, change, clock)


def set_challenger(
    store: Store,
    model: str,
    version: str,
    rollout: Rollout,
    *,
    expected: str | None,
    reasons: Reasons,
    clock: Clock = utc_now,
) -> Deployment:
    """Put a version on trial beside the `expected` champion, in the place of one whose time is over.

    Raises `ChampionChanged`, also when the version was withdrawn, and `ChallengerChanged` when another is on trial.
    """

    def change(current: Deployment, entry: LogEntry) -> Deployment:
        _check_unmoved(current, expected, version)
        if current.champion is None:
            raise ChampionChanged(model, expected, None)
        if current.challenger_version == version:
            return current
        _check_no_trial(current, entry)
        challenger = make_challenger(Served.by_move(entry), rollout)
        return replace(current, challenger=challenger, last=replace(entry, until=challenger.until))

    terms: Reasons = {"mode": rollout.mode, "share": rollout.share}
    return _move(store, model, "trial_started", version, terms | reasons, change, clock)


def remove_challenger(
    store: Store,
    model: str,
    version: str,
    *,
    reasons: Reasons,
    withdrawn_digest: str | None = None,
    clock: Clock = utc_now,
) -> Deployment:
    """End a challenger's trial, if it is still on trial; one that did harm is withdrawn with its snapshot's digest."""

    def change(current: Deployment, entry: LogEntry) -> Deployment:
        if current.challenger_version != version:
            return current
        withdrawn = current.withdrawn
        if withdrawn_digest is not None:
            withdrawn = _with(current, Withdrawn(version, withdrawn_digest, entry.time))
        return replace(current, challenger=None, withdrawn=withdrawn, last=entry)

    return _move(store, model, "dismissed", version, reasons, change, clock)


def restore_champion(
    store: Store,
    model: str,
    version: str,
    *,
    expected: Served,
    withdrawn_digest: str,
    previous: Served | None,
    reasons: Reasons,
    clock: Clock = utc_now,
) -> Deployment:
    """Put an earlier version back in place of the `expected` one, which is withdrawn; a trial ends.

    Raises `ChampionChanged`, also when the expected version left and came back meanwhile.
    """

    def change(current: Deployment, entry: LogEntry) -> Deployment:
        if current.champion != expected:
            raise ChampionChanged(model, expected.version, current.champion_version)
        withdrawn = _with(current, Withdrawn(expected.version, withdrawn_digest, entry.time))
        kept = tuple(item for item in withdrawn if item.version != version)
        return Deployment(model, Served.by_move(entry), previous, None, entry, kept)

    replaced: Reasons = {"instead_of": expected.version}
    return _move(store, model, "rolled_back", version, reasons | replaced, change, clock)


def _check_unmoved(current: Deployment, expected: str | None, version: str) -> None:
    """Refuse a move when another champion is in service, or when the version was withdrawn since it was chosen."""
    if current.champion_version != expected:
        raise ChampionChanged(current.model, expected, current.champion_version)
    if current.withdrew(version):
        raise ChampionChanged(current.model, expected, current.champion_version, version)


def _check_no_trial(current: Deployment, entry: LogEntry) -> None:
    """Refuse a move during a trial; one whose time is over is none."""
    if current.challenger and current.challenger.until > entry.time:
        raise ChallengerChanged(current.model, entry.version, current.challenger_version)


def _with(current: Deployment, withdrawn: Withdrawn) -> tuple[Withdrawn, ...]:
    """Add a withdrawn version to those before it."""
    before = (item for item in current.withdrawn if item.version != withdrawn.version)
    return (*before, withdrawn)[-MAX_WITHDRAWN:]


def _move(
    store: Store, model: str, event: Event, version: str, reasons: Reasons, change: Change, clock: Clock
) -> Deployment:
    """Read, complete the log, change, and write if nobody wrote meanwhile, else begin again."""
    for _ in range(MAX_TRIES):
        current, etag = Deployment.read_with_etag(store, model)
        if current.last:
            current.last.write(store)
        entry = LogEntry(model, current.sequence + 1, _next_time(current, clock), event, version, **reasons)
        moved = current if current.last and current.last.is_move(entry) else change(current, entry)
        if moved == current:
            return current
        if moved.last and store.swap(Deployment.key(model), to_json(moved.to_json()), etag):
            _append(store, moved.last)
            return moved
    raise Conflict(Deployment.key(model))


def _next_time(current: Deployment, clock: Clock) -> str:
    """Return the time of a move: now, and later than the move before whatever the clocks say."""
    earliest = from_iso(current.last.time) + timedelta(milliseconds=1) if current.last else None
    now = clock()
    return to_iso(max(now, earliest) if earliest else now, "milliseconds")


def _append(store: Store, entry: LogEntry) -> None:
    """Write the entry of a move that is made; where that fails, the next move writes it."""
    try:
        entry.write(store)
    except StorageError as error:
        logger.warning("log entry left to the next move", extra={"model": entry.model, "reason": str(error)})
