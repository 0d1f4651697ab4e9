"""Which version of a model is in service: one small document, moved by compare-and-swap and by nothing else.

    {"model", "champion": {"version", "since", "metric", "value"} | null, "previous": ... | null, "challenger": null,
     "updated_at"}

Every move is also an entry of the append-only log beside it, written after the move and, when a crash came between the
two, by the retry.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from refrain import paths
from refrain.errors import ChampionChanged, Conflict, NotFound
from refrain.storage import to_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from refrain.storage import Store


@dataclass(frozen=True)
class Served:
    """A version in service since a moment (ISO 8601), with the figure that it was promoted for."""

    version: str
    since: str
    metric: str
    value: float | None


@dataclass(frozen=True)
class Deployment:
    """What is served of one model; `previous` is served when the champion turns out to be broken."""

    model: str
    champion: Served | None
    previous: Served | None
    challenger: Served | None
    updated_at: str

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Deployment:
        """Read the document."""
        champion, previous, challenger = (
            Served(**document[name]) if document[name] else None for name in ("champion", "previous", "challenger")
        )
        return cls(document["model"], champion, previous, challenger, document["updated_at"])

    @property
    def champion_version(self) -> str | None:
        """The champion's version, or None."""
        return self.champion.version if self.champion else None


def read(store: Store, model: str) -> tuple[Deployment | None, str]:
    """Read a model's deployment and its ETag; (None, "") while it has none."""
    try:
        found = store.read(paths.deployment(model))
    except NotFound:
        return None, ""
    return Deployment.of(found.json()), found.etag


def promote(
    store: Store, model: str, served: Served, *, expected: str | None, figures: Mapping[str, object]
) -> Deployment:
    """Make a version champion if the champion still is the `expected` version, and log it.

    Doing it again with the same arguments changes nothing. Raises `ChampionChanged` when another champion is there, or
    comes between reading and writing.
    """
    deployment, etag = read(store, model)
    found = deployment.champion_version if deployment else None
    if deployment is None or found != served.version:
        if found != expected:
            raise ChampionChanged(model, expected, found)
        moved = Deployment(model, served, deployment.champion if deployment else None, None, served.since)
        _write(store, moved, etag, expected)
        deployment = moved
    log(store, model, "promoted", served.since, served.version, figures)
    return deployment


def log(store: Store, model: str, event: str, time: str, version: str, figures: Mapping[str, object]) -> str:
    """Append an entry to the model's log, unless the same one is there, and return its key."""
    key = paths.deployment_log(model, time, version)
    entry = {"model": model, "event": event, "time": time, "version": version, **figures}
    store.write_new(key, to_json(entry))
    return key


def _write(store: Store, deployment: Deployment, etag: str, expected: str | None) -> None:
    key, data = paths.deployment(deployment.model), to_json(asdict(deployment))
    written = True
    try:
        if etag:
            store.replace(key, data, etag)
        else:
            written = store.write_new(key, data)
    except Conflict:
        written = False
    if not written:
        now, _ = read(store, deployment.model)
        if now is None or now.champion != deployment.champion:
            raise ChampionChanged(deployment.model, expected, now.champion_version if now else None)
