"""The moves of a deployment: each is a pure change, tried by compare-and-swap, and an entry of the log.

The entry is written after the change. When a crash comes between the two, the retry writes it: a move that is made
already changes nothing and is logged under the same key.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from refrain.aws.storage import to_json
from refrain.errors import ChallengerChanged, ChampionChanged, Conflict
from refrain.lake.deployment import Challenger, Deployment, Served, Withdrawn
from refrain.lake.deployment_log import LogEntry

if TYPE_CHECKING:
    from collections.abc import Callable

    from refrain.aws.storage import Store

MAX_TRIES = 8
MAX_WITHDRAWN = 20

type Reasons = dict[str, Any]
"""Who moved the deployment and why: further fields of the log's entry."""


def set_champion(
    store: Store, model: str, served: Served, *, expected: str | None, reasons: Reasons, on_trial: bool = False
) -> Deployment:
    """Make a version champion in the place of the `expected` version; with `on_trial` it has to be the challenger.

    Raises `ChampionChanged`, also when the version was withdrawn, and `ChallengerChanged`.
    """

    def change(current: Deployment) -> Deployment:
        if current.champion_version == served.version:
            return current
        _check_unmoved(current, expected, served.version)
        if on_trial and current.challenger_version != served.version:
            raise ChallengerChanged(model, served.version, current.challenger_version)
        return Deployment(model, served, current.champion, None, served.since, current.withdrawn)

    entry = LogEntry(model, "promoted", served.since, served.version, served.metric, served.value, **reasons)
    return _move(store, change, entry)


def set_challenger(
    store: Store, model: str, challenger: Challenger, *, expected: str | None, reasons: Reasons
) -> Deployment:
    """Put a version on trial beside the `expected` champion, in the place of one whose time is over.

    Raises `ChampionChanged`, also when the version was withdrawn, and `ChallengerChanged` when another is on trial.
    """

    def change(current: Deployment) -> Deployment:
        _check_unmoved(current, expected, challenger.version)
        if current.champion is None:
            raise ChampionChanged(model, expected, None)
        if current.challenger_version == challenger.version:
            return current
        if current.challenger and current.challenger.until > challenger.since:
            raise ChallengerChanged(model, challenger.version, current.challenger_version)
        return replace(current, challenger=challenger, updated_at=challenger.since)

    terms: Reasons = {"mode": challenger.mode, "share": challenger.share, "until": challenger.until} | reasons
    return _move(store, change, LogEntry(model, "trial_started", challenger.since, challenger.version, **terms))


def remove_challenger(
    store: Store, model: str, version: str, *, at: str, reasons: Reasons, withdrawn: Withdrawn | None = None
) -> Deployment:
    """End a challenger's trial, if it is still on trial; `withdrawn` is given when it did harm."""

    def change(current: Deployment) -> Deployment:
        if current.challenger_version != version:
            return current
        return replace(current, challenger=None, updated_at=at, withdrawn=_with(current, withdrawn))

    return _move(store, change, LogEntry(model, "dismissed", at, version, **reasons))


def restore_champion(
    store: Store, model: str, served: Served, *, previous: Served | None, withdrawn: Withdrawn, reasons: Reasons
) -> Deployment:
    """Put an earlier version back in place of the withdrawn one; a trial ends. Raises `ChampionChanged`."""

    def change(current: Deployment) -> Deployment:
        if current.champion == served:
            return current
        if current.champion_version != withdrawn.version:
            raise ChampionChanged(model, withdrawn.version, current.champion_version)
        kept = tuple(item for item in _with(current, withdrawn) if item.version != served.version)
        return Deployment(model, served, previous, None, served.since, kept)

    return _move(store, change, LogEntry(model, "rolled_back", served.since, served.version, **reasons))


def _check_unmoved(current: Deployment, expected: str | None, version: str) -> None:
    """Refuse a move when another champion is in service, or when the version was withdrawn since it was chosen."""
    if current.champion_version != expected:
        raise ChampionChanged(current.model, expected, current.champion_version)
    if current.withdrew(version):
        raise ChampionChanged(current.model, expected, current.champion_version, version)


def _with(current: Deployment, withdrawn: Withdrawn | None) -> tuple[Withdrawn, ...]:
    """Add a withdrawn version to those before it."""
    if withdrawn is None:
        return current.withdrawn
    before = (item for item in current.withdrawn if item.version != withdrawn.version)
    return (*before, withdrawn)[-MAX_WITHDRAWN:]


def _move(store: Store, change: Callable[[Deployment], Deployment], entry: LogEntry) -> Deployment:
    """Read, change, and write if nobody wrote meanwhile, else begin again; `change` raises when it is not possible."""
    for _ in range(MAX_TRIES):
        current, etag = Deployment.read_with_etag(store, entry.model)
        moved = change(current)
        if moved == current or _is_written(store, moved, etag):
            entry.write(store)
            return moved
    raise Conflict(Deployment.key(entry.model))


def _is_written(store: Store, deployment: Deployment, etag: str) -> bool:
    key, data = Deployment.key(deployment.model), to_json(deployment.to_json())
    if not etag:
        return store.write_new(key, data)
    try:
        store.replace(key, data, etag)
    except Conflict:
        return False
    return True
