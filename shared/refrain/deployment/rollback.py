"""Roll back, for a person in the console: an earlier version is put into service again, proved and by one move.

Which version is the previous one is read from the log and not from the last move: after a rollback it is the one
before that, so that who rolls back twice goes further back, and never forward to what was bad. The snapshot that the
withdrawn version learned from is remembered, and no run learns from the very same rows again unless it is forced to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from refrain.definitions import known_models
from refrain.errors import InvalidRequest, NotFound, UnknownModel
from refrain.events import MODEL, REASON, TEXT, TIME, VERSION, Field, one_of, read_fields
from refrain.lake import keys
from refrain.lake.deployment import Served, Withdrawn, read_deployment, restore_champion
from refrain.lake.deployment_log import log, log_keys, read_entries, succession
from refrain.model.loading import load_version
from refrain.times import to_iso_milliseconds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from refrain.aws.storage import Store
    from refrain.lake.deployment import Deployment
    from refrain.lake.deployment_log import Entry

MOST_NAMED = 10
ROLLBACK_FIELDS = {
    "model": MODEL,
    "action": Field("rollback, or none for a retraining", one_of("rollback").read),
    "version": VERSION.optional(),
    "reason": REASON.optional("manual"),
}


@dataclass(frozen=True)
class RollbackRequest:
    """What a person asked for: `version` None is the previous one; `by` names the execution, `at` when it began."""

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
        at = to_iso_milliseconds(values["started_at"])
        return cls(values["model"], values["version"], values["reason"], values["execution"], at)


def roll_back(store: Store, models_dir: Path, request: RollbackRequest) -> dict[str, object]:
    """Put the version back into service; return what was moved. Doing it again changes nothing.

    Raises:
        UnknownModel: naming the known ones.
        InvalidRequest: when there is nothing to go back to, or no such version.
        BrokenVersion: when it does not answer its golden rows as it should.
        ChampionChanged: when somebody else moved meanwhile.
    """
    deployment, _ = read_deployment(store, request.model)
    if deployment is None or deployment.champion is None:
        if request.model not in known_models(models_dir):
            raise UnknownModel(request.model, known_models(models_dir))
        raise InvalidRequest(f"{request.model} has no version in service, so there is nothing to roll back")
    champion = deployment.champion
    done = [each.version for each in deployment.withdrawn if each.at == request.at]
    if done and champion.since == request.at and request.version in (None, champion.version):
        log(store, request.model, "rolled_back", request.at, champion.version, _figures(request, done[-1]))
        return _answer(request, deployment, done[-1])
    entries = read_entries(store, log_keys(store, request.model))
    line = succession(entries)
    version = request.version or _previous(deployment, line)
    if version == champion.version:
        raise InvalidRequest(f"version: {version} is in service already")
    _check_known(store, request.model, version)
    proved = load_version(store, request.model, Served(version, request.at, "", None))
    metric = proved.model.definition.training.metric
    moved = restore_champion(
        store,
        request.model,
        _served(version, request.at, metric, entries),
        expected=champion.version,
        previous=_before(version, line),
        withdrawn=Withdrawn(champion.version, learned_digest(store, request.model, champion.version), request.at),
        figures=_figures(request, champion.version),
    )
    return _answer(request, moved, champion.version)


def learned_digest(store: Store, model: str, version: str) -> str:
    """Return the digest of the snapshot that a version learned from, "" where that cannot be read."""
    try:
        return str(store.read_json(keys.version(model, version, "manifest.json"))["snapshot"]["digest"])
    except (NotFound, ValueError, KeyError, TypeError):
        return ""


def _previous(deployment: Deployment, line: Sequence[Entry]) -> str:
    if len(line) > 1 and line[-1]["version"] == deployment.champion_version:
        return str(line[-2]["version"])
    if deployment.previous:
        return deployment.previous.version
    raise InvalidRequest(f"there is no version before {deployment.champion_version}: name one by `version`")


def _check_known(store: Store, model: str, version: str) -> None:
    if store.exists(keys.version(model, version, "manifest.json")):
        return
    prefix = keys.versions(model)
    known = sorted({key.removeprefix(prefix).partition("/")[0] for key in store.keys(prefix)}, reverse=True)
    shown = ", ".join(known[:MOST_NAMED]) + (" and older ones" if len(known) > MOST_NAMED else "")
    raise InvalidRequest(f"version: {model} has no version {version!r:.80}; known are {shown or 'none'}")


def _before(version: str, line: Sequence[Entry]) -> Served | None:
    """Return the champion that stood before a version in the line, where it did."""
    places = [place for place, entry in enumerate(line) if entry["version"] == version]
    if not places or not places[-1]:
        return None
    entry = line[places[-1] - 1]
    return Served(entry["version"], entry["time"], *_figure(entry))


def _served(version: str, at: str, metric: str, entries: Sequence[Entry]) -> Served:
    """Give a version back the figure that it was promoted for, if it ever was."""
    for entry in reversed(entries):
        if entry["version"] == version and entry["event"] == "promoted":
            return Served(version, at, *_figure(entry))
    return Served(version, at, metric, None)


def _figure(entry: Entry) -> tuple[str, float | None]:
    return str(entry.get("metric", "")), entry.get("value")


def _figures(request: RollbackRequest, instead_of: str) -> dict[str, object]:
    return {"by": f"rollback {request.by}", "because": request.reason, "instead_of": instead_of}


def _answer(request: RollbackRequest, deployment: Deployment, instead_of: str) -> dict[str, object]:
    champion = deployment.champion_version
    return {
        "model": request.model,
        "outcome": "rolled_back",
        "champion": champion,
        "instead_of": instead_of,
        "previous": deployment.previous.version if deployment.previous else None,
        "reason": f"{champion} is in service again ({request.reason}).",
    }
