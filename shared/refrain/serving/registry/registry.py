"""The models of a process: what answers for each, looked for again when another version may have been promoted.

What was once loaded keeps answering when S3 fails. Models that nobody asks for make room for others.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from functools import cache
from math import inf
from typing import TYPE_CHECKING

from preprocessing import MODEL_NAME, DefinitionError
from refrain.aws.storage import open_store
from refrain.definitions import find_definition, known_models
from refrain.errors import BrokenVersion, NotFound, StorageError, StorageUnavailable, UnknownModel
from refrain.lake.deployment import Deployment
from refrain.serving.http.refusals import NotTrained
from refrain.serving.registry.process_memory import max_resident, resident
from refrain.serving.registry.version_choice import VersionChoice
from refrain.settings import InferenceSettings, read_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from preprocessing import Definition
    from refrain.aws.storage import Store
    from refrain.model.loading import LoadedVersion
    from refrain.serving.trial_answers import LoadedChallenger

logger = logging.getLogger("refrain")

MAX_LOADED_MODELS = 50
"""Models kept in memory, if they are small enough; the least recently asked for makes room."""

MAX_PAUSE_SECONDS = 60.0
"""How long, at most, S3 is left alone after it failed, in seconds."""


class UnreadableDeployment(StorageError):
    """The document that says what is served is damaged."""

    def __init__(self, key: str) -> None:
        super().__init__(key, f"{key} is not a deployment document")


@dataclass
class ServedState:
    """What is known of one model, and until when (on the registry's clock) it is believed.

    `rival` is the challenger as it is asked, `contender` as it was loaded. `grown` are the bytes by which the process
    grew when it was loaded.
    """

    deployment: Deployment
    etag: str
    sound: LoadedVersion | None
    look_at: float
    used_at: float
    grown: int = 0
    failures: int = 0
    rival: LoadedChallenger | None = None
    contender: LoadedVersion | None = None


class Registry:
    """The models of one process.

    `definitions` is the folder of known models; from `most_resident` bytes of the process on, models make room for
    those that are loaded. Raises `UnknownModel`, `NotTrained`, and when there is nothing to answer with `BrokenVersion`
    or `StorageError`.
    """

    def __init__(
        self,
        store: Store,
        definitions: Path,
        refresh_seconds: float,
        clock: Callable[[], float] = time.monotonic,
        most_resident: float = inf,
    ) -> None:
        self._store = store
        self._definitions = definitions
        self._refresh_seconds = refresh_seconds
        self._clock = clock
        self._most_resident = most_resident
        self._standings: dict[str, ServedState] = {}
        self._choice = VersionChoice(store, clock)
        self._present: dict[str, Definition | None] = {}
        self._lock = threading.Lock()

    @property
    def store(self) -> Store:
        """The lake."""
        return self._store

    @property
    def refresh_seconds(self) -> float:
        """How long, at most, a move goes unheard."""
        return self._refresh_seconds

    def known(self) -> tuple[str, ...]:
        """Name the models that have a definition, trained or not."""
        return known_models(self._definitions)

    def serving(self, model: str) -> LoadedVersion:
        """Return what answers for a model, looking for a new deployment at most every `refresh_seconds`."""
        return self.contest(model)[0]

    def contest(self, model: str) -> tuple[LoadedVersion, LoadedChallenger | None]:
        """Return what answers for a model, and the challenger that is tried beside it."""
        standing = self.standing(model)
        if standing.sound is None:
            raise BrokenVersion(str(standing.deployment.champion_version), "and the one before cannot be served")
        return standing.sound, standing.rival

    def standing(self, model: str) -> ServedState:
        """Return what is known of a model."""
        now = self._clock()
        standing = self._standings.get(model)
        if standing is None or now >= standing.look_at:
            with self._lock:
                standing = self._standings.get(model)
                if standing is None or now >= standing.look_at:
                    standing = self._look(model, standing)
        standing.used_at = now
        return standing

    def definition(self, model: str) -> Definition:
        """Return the definition of a model as it is deployed now; where that is broken, that of the version in service.

        What a version sees is up to its own definition; what is captured, and what a label may be, is up to this one.
        """
        if model not in self._present:
            try:
                self._present[model] = find_definition(self._definitions, model)
            except (DefinitionError, UnknownModel):
                self._present[model] = None
        return self._present[model] or self.serving(model).model.definition

    def failing(self) -> bool:
        """Tell whether the lake did not answer when it was last asked."""
        return any(standing.failures for standing in self._standings.values())

    def _look(self, model: str, before: ServedState | None) -> ServedState:
        loaded = [each for each in (before.sound, before.contender) if each] if before else []
        held = resident()
        try:
            deployment, etag = self._deployment(model, before)
            sound = self._choice.champion(model, deployment, loaded)
        except NotFound:
            self._standings.pop(model, None)
            raise (NotTrained(model) if model in self.known() else UnknownModel(model, self.known())) from None
        except StorageError as error:
            if before is None:
                raise
            return self._wait(model, before, error)
        now = self._clock()
        standing = ServedState(deployment, etag, sound, now + self._refresh_seconds, now)
        standing.rival, standing.contender = self._choice.challenger(model, deployment, sound, loaded)
        standing.grown = max(resident() - held, 0) + (before.grown if before else 0)
        self._standings[model] = standing
        self._make_room(model)
        return standing

    def _make_room(self, model: str) -> None:
        """Let go of those asked for least recently; what they held, the next ones take."""
        excess = resident() - self._most_resident
        for name in sorted(self._standings.keys() - {model}, key=lambda each: self._standings[each].used_at):
            if excess <= 0 and len(self._standings) <= MAX_LOADED_MODELS:
                break
            excess -= self._standings.pop(name).grown

    def _deployment(self, model: str, before: ServedState | None) -> tuple[Deployment, str]:
        if not MODEL_NAME.fullmatch(model):
            raise UnknownModel(model[:48], self.known())
        key = Deployment.key(model)
        try:
            if before is None:
                deployment, etag = Deployment.read_with_etag(self._store, model)
            else:
                found = self._store.read_if_changed(key, before.etag)
                if found is None:
                    return before.deployment, before.etag
                deployment, etag = Deployment.from_json(found.json()), found.etag
        except (ValueError, KeyError, TypeError) as error:
            raise UnreadableDeployment(key) from error
        if deployment.champion is None:
            raise NotFound(key)
        return deployment, etag

    def _wait(self, model: str, before: ServedState, error: StorageError) -> ServedState:
        """Keep what there is, and leave S3 alone for longer each time: every try makes a caller wait."""
        before.failures += 1
        pause = min(self._refresh_seconds * 2**before.failures, max(MAX_PAUSE_SECONDS, self._refresh_seconds))
        before.look_at = self._clock() + pause
        if isinstance(error, StorageUnavailable):
            for standing in self._standings.values():
                standing.look_at = max(standing.look_at, before.look_at)
        logger.warning("deployment not refreshed", extra={"model": model, "reason": str(error)})
        return before


@cache
def registry() -> Registry:
    """Return the registry of this process, as the environment says."""
    settings = read_settings(InferenceSettings)
    store = open_store(settings.lake_bucket, hurried=True)
    return Registry(store, settings.models_dir, settings.refresh_seconds, most_resident=max_resident())
