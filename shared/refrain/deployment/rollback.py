"""Roll back, for a person in the console: prove an earlier version and put it into service again, by one move.

The previous version is found in the whole log, not in the last move: after a rollback it is the one before that. So a
second rollback goes further back, and never forward to a bad version. The snapshot of the withdrawn version is
remembered, and no run learns from the same rows again unless it is forced to.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from refrain.definitions import known_models
from refrain.errors import InvalidRequest, UnknownModel
from refrain.events import MODEL, REASON, TEXT, TIME, VERSION, Field, one_of, read_fields
from refrain.lake.deployment import Deployment, Served, Withdrawn
from refrain.lake.deployment_log import LogEntry, log_keys, read_entries, succession
from refrain.lake.deployment_moves import restore_champion
from refrain.lake.version import Manifest, list_versions, read_learned_digest
from refrain.model.loading import load_version
from refrain.times import to_iso

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from refrain.aws.storage import Store

MAX_NAMED_VERSIONS = 10
ROLLBACK_FIELDS = {
    "model": MODEL,
    "action": Field("rollback, or none for a retraining", one_of("rollback").read),
    "version": VERSION.optional(),
    "reason": REASON.optional("manual"),
}


@dataclass(frozen=True)
class RollbackRequest:
    """A person's request: `version` None is the previous one; `by` names the execution, `at` is its start."""

    model: str
    version: str | None
    reason: str
    by: str
    at: str

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> RollbackRequest:
        """Check what the state machine passes on: its own input, its execution's name and start.

        Raises `InvalidRequest` naming the field and what was expected.
        """
        values = read_fields(event.get("request"), ROLLBACK_FIELDS, closed=True)
        values |= read_fields(event, {"execution": TEXT, "started_at": TIME})
        at = to_iso(values["started_at"], "milliseconds")
        return cls(values["model"], values["version"], values["reason"], values["execution"], at)


def roll_back(store: Store, models_dir: Path, request: RollbackRequest) -> dict[str, object]:
    """Put the version back into service; return the move. Doing it again changes nothing.

    Raises `UnknownModel`, `InvalidRequest` when there is no version to go back to or none of this name, `BrokenVersion`
    when it does not answer its golden rows as it should, and `ChampionChanged` when another move came first.
    """
    deployment = Deployment.read(store, request.model)
    champion = deployment.champion
    if champion is None:
        models = known_models(models_dir)
        if request.model not in models:
            raise UnknownModel(request.model, models)
        raise InvalidRequest(f"{request.model} has no version in service, so there is nothing to roll back")
    replaced = next((item for item in reversed(deployment.withdrawn) if item.at == request.at), None)
    if replaced and champion.since == request.at and request.version in (None, champion.version):
        return _restore(store, request, champion, deployment.previous, replaced)
    entries = read_entries(store, log_keys(store, request.model))
    line = succession(entries)
    version = request.version or _previous(deployment, line)
    if version == champion.version:
        raise InvalidRequest(f"version: {version} is in service already")
    _check_known(store, request.model, version)
    proved = load_version(store, request.model, Served(version, request.at, "", None))
    served = _served(version, request.at, proved.model.definition.training.metric, entries)
    replaced = Withdrawn(champion.version, read_learned_digest(store, request.model, champion.version), request.at)
    indexes = [index for index, entry in enumerate(line) if entry.version == version]
    previous = _as_served(line[indexes[-1] - 1]) if indexes and indexes[-1] else None
    return _restore(store, request, served, previous, replaced)


def _restore(
    store: Store, request: RollbackRequest, served: Served, previous: Served | None, replaced: Withdrawn
) -> dict[str, object]:
    """Move the deployment and return the move; a move that was made before only completes its log."""
    deployment = restore_champion(
        store,
        request.model,
        served,
        previous=previous,
        withdrawn=replaced,
        reasons={"by": f"rollback {request.by}", "because": request.reason, "instead_of": replaced.version},
    )
    return {
        "model": request.model,
        "outcome": "rolled_back",
        "champion": served.version,
        "instead_of": replaced.version,
        "previous": deployment.previous.version if deployment.previous else None,
        "reason": f"{served.version} is in service again ({request.reason}).",
    }


def _previous(deployment: Deployment, line: Sequence[LogEntry]) -> str:
    """Return the version before the champion: by the log, or else by the deployment."""
    if len(line) > 1 and line[-1].version == deployment.champion_version:
        return line[-2].version
    if deployment.previous:
        return deployment.previous.version
    raise InvalidRequest(f"there is no version before {deployment.champion_version}: name one by `version`")


def _check_known(store: Store, model: str, version: str) -> None:
    """Refuse a version that does not exist, naming some that do."""
    if store.exists(Manifest.key(model, version)):
        return
    versions = list_versions(store, model)
    names = ", ".join(versions[:MAX_NAMED_VERSIONS]) + (" and older ones" if len(versions) > MAX_NAMED_VERSIONS else "")
    raise InvalidRequest(f"version: {model} has no version {version!r:.80}; known are {names or 'none'}")


def _served(version: str, at: str, metric: str, entries: Sequence[LogEntry]) -> Served:
    """Return the version in service since a time, with the figure that it was promoted for, if it ever was."""
    promotions = [entry for entry in entries if entry.version == version and entry.event == "promoted"]
    return replace(_as_served(promotions[-1]), since=at) if promotions else Served(version, at, metric, None)


def _as_served(entry: LogEntry) -> Served:
    return Served(entry.version, entry.time, entry.metric or "", entry.value)
