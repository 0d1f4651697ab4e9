"""Which version of a model is in service: one small document, moved by compare-and-swap and by nothing else.

    {"model", "champion": {"version", "since", "metric", "value"} | null, "previous": ... | null,
     "challenger": {"version", "since", "metric", "value", "mode", "share", "until"} | null,
     "withdrawn": [{"version", "digest", "at"}, ...], "updated_at"}

Every move is also an entry of the append-only log beside it (`deployment_log`), written after the move and, when a
crash came between the two, by the retry.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from refrain.aws.storage import to_json
from refrain.errors import ChallengerChanged, ChampionChanged, Conflict, NotFound
from refrain.lake import keys
from refrain.lake.deployment_log import log

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from refrain.aws.storage import Store

MAX_TRIES = 8
MAX_WITHDRAWN = 20


@dataclass(frozen=True)
class Served:
    """A version in service since a moment (ISO 8601), with the figure that it was promoted for."""

    version: str
    since: str
    metric: str
    value: float | None


@dataclass(frozen=True)
class Challenger(Served):
    """A version on trial: `mode` is shadow or canary, `share` that of a canary.

    After `until` nobody judges it any more, so nobody asks it, and another may take its place.
    """

    mode: str
    share: float
    until: str


@dataclass(frozen=True)
class Withdrawn:
    """A version that did harm, and the digest of the snapshot that it learned from: no run learns from that again."""

    version: str
    digest: str
    at: str


@dataclass(frozen=True)
class Deployment:
    """What is served of one model; `previous` is served when the champion turns out to be broken."""

    model: str
    champion: Served | None
    previous: Served | None
    challenger: Challenger | None
    updated_at: str
    withdrawn: tuple[Withdrawn, ...] = ()

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Deployment:
        """Read the document."""
        champion, previous = (Served(**document[name]) if document[name] else None for name in ("champion", "previous"))
        challenger = Challenger(**document["challenger"]) if document["challenger"] else None
        withdrawn = tuple(Withdrawn(**each) for each in document.get("withdrawn", ()))
        return cls(document["model"], champion, previous, challenger, document["updated_at"], withdrawn)

    @property
    def champion_version(self) -> str | None:
        """The champion's version, or None."""
        return self.champion.version if self.champion else None

    @property
    def challenger_version(self) -> str | None:
        """The challenger's version, or None."""
        return self.challenger.version if self.challenger else None

    def withdrew(self, version: str | None) -> bool:
        """Tell whether a version was taken out for what it did; its own run does not bring it back."""
        return any(each.version == version for each in self.withdrawn)


def read_deployment(store: Store, model: str) -> tuple[Deployment | None, str]:
    """Read a model's deployment and its ETag; (None, "") while it has none."""
    try:
        found = store.read(keys.deployment(model))
    except NotFound:
        return None, ""
    return Deployment.of(found.json()), found.etag


def set_champion(
    store: Store,
    model: str,
    served: Served,
    *,
    expected: str | None,
    figures: Mapping[str, object],
    on_trial: bool = False,
) -> Deployment:
    """Make a version champion if the champion still is the `expected` version, and log it.

    Doing it again with the same arguments changes nothing. Raises `ChampionChanged` when another champion is there, or
    comes between reading and writing, or when the version was withdrawn since, and with `on_trial`
    `ChallengerChanged` when the version is not the challenger.
    """

    def change(found: Deployment | None) -> Deployment:
        champion = found.champion_version if found else None
        if found and champion == served.version:
            return found
        if champion != expected:
            raise ChampionChanged(model, expected, champion)
        if found and found.withdrew(served.version):  # the same promotion once more, after a rollback
            raise ChampionChanged(model, expected, champion, served.version)
        if on_trial and (found is None or found.challenger_version != served.version):
            raise ChallengerChanged(model, served.version, found.challenger_version if found else None)
        before, withdrawn = (found.champion, found.withdrawn) if found else (None, ())
        return Deployment(model, served, before, None, served.since, withdrawn)

    deployment = _move(store, model, change)
    facts = {"metric": served.metric, "value": served.value}
    log(store, model, "promoted", served.since, served.version, facts | dict(figures))
    return deployment


def set_challenger(
    store: Store, model: str, challenger: Challenger, *, expected: str | None, figures: Mapping[str, object]
) -> Deployment:
    """Put a challenger beside the `expected` champion, and log it. One at a time: a late one's place is free.

    Raises `ChampionChanged`, also when the version was withdrawn, and `ChallengerChanged` when another is on trial.
    """

    def change(found: Deployment | None) -> Deployment:
        if found is None or found.champion_version != expected:
            raise ChampionChanged(model, expected, found.champion_version if found else None)
        there = found.challenger
        if there and there.version == challenger.version:
            return found
        if found.withdrew(challenger.version):  # the same challenge once more, after it did harm
            raise ChampionChanged(model, expected, found.champion_version, challenger.version)
        if there and there.until > challenger.since:
            raise ChallengerChanged(model, challenger.version, there.version)
        return replace(found, challenger=challenger, updated_at=challenger.since)

    deployment = _move(store, model, change)
    facts = {"mode": challenger.mode, "share": challenger.share, "until": challenger.until}
    log(store, model, "challenged", challenger.since, challenger.version, facts | dict(figures))
    return deployment


def remove_challenger(
    store: Store,
    model: str,
    version: str,
    *,
    at: str,
    figures: Mapping[str, object],
    withdrawn: Withdrawn | None = None,
) -> Deployment | None:
    """End a challenger's trial, if it is (still) there, and log it; `withdrawn` when it did harm."""

    def change(found: Deployment | None) -> Deployment | None:
        if found is None or found.challenger_version != version:
            return found
        return replace(found, challenger=None, updated_at=at, withdrawn=_also(found, withdrawn))

    deployment = _move(store, model, change)
    log(store, model, "dismissed", at, version, figures)
    return deployment


def restore_champion(
    store: Store,
    model: str,
    served: Served,
    *,
    expected: str,
    previous: Served | None,
    withdrawn: Withdrawn,
    figures: Mapping[str, object],
) -> Deployment:
    """Put an earlier version back into service in the place of `expected`, and log it; a trial under way ends.

    Doing it again with the same arguments changes nothing. Raises `ChampionChanged`.
    """

    def change(found: Deployment | None) -> Deployment:
        if found and found.champion == served:
            return found
        if found is None or found.champion_version != expected:
            raise ChampionChanged(model, expected, found.champion_version if found else None)
        kept = tuple(each for each in _also(found, withdrawn) if each.version != served.version)
        return Deployment(model, served, previous, None, served.since, kept)

    deployment = _move(store, model, change)
    log(store, model, "rolled_back", served.since, served.version, figures)
    return deployment


def _also(found: Deployment, withdrawn: Withdrawn | None) -> tuple[Withdrawn, ...]:
    others = tuple(each for each in found.withdrawn if withdrawn is None or each.version != withdrawn.version)
    return (*others, withdrawn)[-MAX_WITHDRAWN:] if withdrawn else others


def _move[Found: (Deployment, Deployment | None)](
    store: Store, model: str, change: Callable[[Deployment | None], Found]
) -> Found:
    """Read, change, write if nobody wrote meanwhile, else look again; `change` raises where the move is not right."""
    key = keys.deployment(model)
    for _ in range(MAX_TRIES):
        found, etag = read_deployment(store, model)
        moved = change(found)
        if moved == found or moved is None or _written(store, key, to_json(asdict(moved)), etag):
            return moved
    raise Conflict(key)


def _written(store: Store, key: str, data: bytes, etag: str) -> bool:
    if not etag:
        return store.write_new(key, data)
    try:
        store.replace(key, data, etag)
    except Conflict:
        return False
    return True
