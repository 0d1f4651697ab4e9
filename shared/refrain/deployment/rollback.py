"""Roll back, for a person in the console: prove an earlier version and put it into service again, by one move.

The previous version is found in the whole log, not in the last move: after a rollback it is the one before that. So a
second rollback goes further back, and never forward to a bad version. The snapshot of the withdrawn version is
remembered, and no run learns from the same rows again unless it is forced to. A rollback undoes only what its author
can have seen: a champion that went into service after its start stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from refrain.aws.event_bus import send_event
from refrain.deployment.persons_request import PersonsRequest
from refrain.errors import InvalidRequest, OutdatedRollback, UnknownModel
from refrain.events import MODEL, REASON, VERSION, Field, one_of
from refrain.lake.deployment import Deployment, Served
from refrain.lake.deployment_log import champions_before, succession
from refrain.lake.deployment_moves import restore_champion
from refrain.lake.model_definition import known_models
from refrain.lake.version import Manifest, list_versions, read_learned_digest
from refrain.model.loading import load_version
from refrain.times import utc_now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from refrain.aws.storage import Store
    from refrain.lake.deployment_log import LogEntry
    from refrain.times import Clock

MAX_NAMED_VERSIONS = 10
ROLLBACK_FIELDS = {
    "model": MODEL,
    "action": Field("promote, dismiss or rollback, or none for a retraining", one_of("rollback").read),
    "version": VERSION.optional(),
    "reason": REASON.optional("manual"),
}


@dataclass(frozen=True)
class RollbackRequest(PersonsRequest):
    """A person's request; a `version` of None is the previous one."""

    FIELDS = ROLLBACK_FIELDS


def roll_back(store: Store, request: RollbackRequest, clock: Clock = utc_now) -> dict[str, object]:
    """Put the version back into service; return the move. Doing it again changes nothing.

    Raises `UnknownModel`, `InvalidRequest` when there is no version to go back to or none of this name, `BrokenVersion`
    when it does not answer its golden rows as it should, `OutdatedRollback` when the champion went into service after
    the request, and `ChampionChanged` when another move came first.
    """
    deployment = Deployment.read(store, request.model)
    champion = deployment.champion
    if champion is None:
        models = known_models(store)
        if request.model not in models:
            raise UnknownModel(request.model, models)
        raise InvalidRequest(f"{request.model} has no version in service, so there is nothing to roll back")
    entries = deployment.log(store).entries()
    author = f"rollback {request.by}"
    for index, entry in enumerate(entries):
        if (entry.by, entry.asked_at) == (author, request.at):
            entry.write(store)
            return _tell(entries[: index + 1])
    if champion.since > request.at:
        raise OutdatedRollback(request.model, champion.version, champion.since, request.at)
    line = succession(entries)
    version = request.version or _version_before(line, champion.version)
    if version == champion.version:
        raise InvalidRequest(f"version: {version} is in service already")
    check_version_exists(store, request.model, version)
    proved = load_version(store, request.model, Served(version, request.at, "", None))
    earlier = champions_before(line, version, champion.version)
    moved = restore_champion(
        store,
        request.model,
        version,
        expected=champion,
        withdrawn_digest=read_learned_digest(store, request.model, champion.version),
        previous=Served.by_move(earlier[-1]) if earlier else None,
        reasons={
            "by": author,
            "because": request.reason,
            "asked_at": request.at,
            "metric": proved.model.definition.training.metric,
            **_promoted_for(entries, version),
        },
        clock=clock,
    )
    return _tell([*entries, *([moved.last] if moved.last else [])])


def _tell(entries: Sequence[LogEntry]) -> dict[str, object]:
    """Tell other systems of the rollback that is the last of the entries, and return its result."""
    move, line = entries[-1], succession(entries)
    reason = f"{move.version} is in service again ({move.because})."
    versions = {"champion": move.version, "instead_of": move.instead_of}
    send_event("RolledBack", move.model, f"{move.by}", reason, **versions)
    return {
        "model": move.model,
        "outcome": "rolled_back",
        **versions,
        "previous": line[-2].version if len(line) > 1 else None,
        "reason": reason,
    }


def _version_before(line: Sequence[LogEntry], champion: str) -> str:
    """Return the version before the champion."""
    if len(line) < 2:
        raise InvalidRequest(f"there is no version before {champion}: name one by `version`")
    return line[-2].version


def check_version_exists(store: Store, model: str, version: str) -> None:
    """Refuse a version that does not exist, naming some that do."""
    if store.exists(Manifest.key(model, version)):
        return
    versions = list_versions(store, model)
    names = ", ".join(versions[:MAX_NAMED_VERSIONS]) + (" and older ones" if len(versions) > MAX_NAMED_VERSIONS else "")
    raise InvalidRequest(f"version: {model} has no version {version!r:.80}; known are {names or 'none'}")


def _promoted_for(entries: Sequence[LogEntry], version: str) -> dict[str, object]:
    """Return the figure that a version was promoted for, if it ever was."""
    figures = [(entry.metric, entry.value) for entry in entries if entry.version == version and entry.metric]
    return dict(zip(("metric", "value"), figures[-1], strict=True)) if figures else {}
