"""The models of a process: a deployment and its loaded versions for each, refreshed every few seconds.

Whatever is loaded keeps answering when S3 fails. Models that nobody asks for make room for others.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from functools import cache
from math import inf
from typing import TYPE_CHECKING

from preprocessing import MODEL_NAME
from refrain.aws.storage import open_store
from refrain.errors import BrokenVersion, NotFound, StorageError, StorageUnavailable, UnknownModel
from refrain.lake.deployment import Deployment
from refrain.process_memory import function_bytes, max_resident, models_bytes, resident
from refrain.serving.http.refusals import NotTrained
from refrain.serving.registry.applied_definition import AppliedModels, read_applied
from refrain.serving.registry.error_bounds import ErrorBounds
from refrain.serving.registry.version_choice import VersionChoice
from refrain.settings import InferenceSettings, read_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from preprocessing import Definition
    from refrain.aws.storage import Store
    from refrain.lake.footprint import Footprint
    from refrain.model.loading import LoadedVersion
    from refrain.serving.registry.applied_definition import AppliedDefinition
    from refrain.serving.trial_answers import LoadedChallenger

logger = logging.getLogger("refrain")

MAX_LOADED_MODELS = 50
"""Models kept in memory, if they are small enough; the least recently asked makes room."""

MAX_PAUSE_SECONDS = 60.0
"""The longest time for which S3 is left alone after a failure."""


class UnreadableDeployment(StorageError):
    """The document that names the versions in service is damaged."""

    def __init__(self, key: str) -> None:
        super().__init__(key, f"{key} is not a deployment document")


@dataclass
class ServedState:
    """A model's deployment, definition and loaded versions, cached until `refresh_at` (on the registry's clock).

    `champion` is None when no version of the model can be served. `loaded_challenger` is the version behind the
    `challenger`, unless that was refused. `held_bytes` is what they hold: as measured by evaluation, or else what the
    process grew by when it loaded them.
    """

    deployment: Deployment
    etag: str
    applied: AppliedDefinition
    champion: LoadedVersion | None
    refresh_at: float
    used_at: float
    held_bytes: int = 0
    failures: int = 0
    challenger: LoadedChallenger | None = None
    loaded_challenger: LoadedVersion | None = None


class Registry:
    """The models of one process.

    Once models hold their share of the function's `memory` (bytes), they make room for new ones. Raises `UnknownModel`
    and `NotTrained`, and `BrokenVersion` or `StorageError` where nothing can answer.
    """

    def __init__(
        self, store: Store, refresh_seconds: float, clock: Callable[[], float] = time.monotonic, memory: float = inf
    ) -> None:
        self.store = store
        self.refresh_seconds = refresh_seconds
        self._clock = clock
        self._memory = memory
        self._states: dict[str, ServedState] = {}
        self.error_bounds = ErrorBounds(store, clock)
        self._choice = VersionChoice(store, clock, self._make_room)
        self._models = AppliedModels(store, refresh_seconds, clock)
        self._lock = threading.Lock()

    def models(self) -> tuple[str, ...]:
        """Name the models that have a definition, trained or not, looking for others every `refresh_seconds`."""
        return self._models.names()

    def champion(self, model: str) -> LoadedVersion:
        """Return the version that answers for a model."""
        return self.versions(model)[0]

    def versions(self, model: str) -> tuple[LoadedVersion, LoadedChallenger | None]:
        """Return the version that answers for a model, and the challenger on trial beside it."""
        state = self.state(model)
        if state.champion is None:
            raise BrokenVersion(str(state.deployment.champion_version), "and the one before cannot be served")
        return state.champion, state.challenger

    def state(self, model: str) -> ServedState:
        """Return the state of a model, looking for a new deployment at most every `refresh_seconds`."""
        now = self._clock()
        state = self._states.get(model)
        if state is None or now >= state.refresh_at:
            with self._lock:
                state = self._states.get(model)
                if state is None or now >= state.refresh_at:
                    state = self._refresh(model, state)
        state.used_at = now
        return state

    def definition(self, model: str) -> Definition:
        """Return the applied definition of a model; where there is none, the definition of the version in service.

        A version reads instances by its own definition; capturing and labels follow the applied one.
        """
        return self.state(model).applied.definition or self.champion(model).model.definition

    def is_lake_failing(self) -> bool:
        """Tell whether the lake did not answer when it was last asked."""
        return any(state.failures for state in self._states.values())

    def _refresh(self, model: str, old: ServedState | None) -> ServedState:
        loaded = [version for version in (old.champion, old.loaded_challenger) if version] if old else []
        before = resident()
        try:
            applied = self._read_definition(model, old)
            deployment, etag = self._read_deployment(model, old)
            champion = self._choice.champion(model, deployment, loaded)
        except NotFound:
            self._states.pop(model, None)
            raise (NotTrained(model) if applied.etag else UnknownModel(model, self.models())) from None
        except StorageError as error:
            if old is None:
                raise
            return self._postpone(model, old, error)
        now = self._clock()
        state = ServedState(deployment, etag, applied, champion, now + self.refresh_seconds, now)
        state.challenger, state.loaded_challenger = self._choice.challenger(model, deployment, champion, loaded)
        grown = max(resident() - before, 0) + (old.held_bytes if old else 0)
        footprints = [version.footprint for version in (champion, state.loaded_challenger) if version]
        measured = [footprint.held_bytes for footprint in footprints if footprint]
        state.held_bytes = sum(measured) if len(measured) == len(footprints) else grown
        self._states[model] = state
        self._drop_models(model, 0)
        return state

    def _make_room(self, model: str, footprint: Footprint) -> bool:
        """Drop other models for a version; drop none where it would not even fit beside its own model's versions."""
        old = self._states.get(model)
        if (old.held_bytes if old else 0) + footprint.peak_bytes > models_bytes(self._memory):
            return False
        self._drop_models(model, footprint.peak_bytes)
        return True

    def _drop_models(self, model: str, needed_bytes: int) -> None:
        """Drop the models asked least recently but `model`; the next ones take the memory that they held."""
        excess = resident() + needed_bytes - max_resident(self._memory)
        for name in sorted(self._states.keys() - {model}, key=lambda name: self._states[name].used_at):
            if excess <= 0 and len(self._states) <= MAX_LOADED_MODELS:
                break
            excess -= self._states.pop(name).held_bytes

    def _read_definition(self, model: str, old: ServedState | None) -> AppliedDefinition:
        if not MODEL_NAME.fullmatch(model):
            raise UnknownModel(model[:48], self.models())
        applied = read_applied(self.store, model, old.applied if old else None)
        if applied.is_retired:
            self._states.pop(model, None)
            raise UnknownModel(model, self.models())
        return applied

    def _read_deployment(self, model: str, old: ServedState | None) -> tuple[Deployment, str]:
        key = Deployment.key(model)
        try:
            if old is None:
                deployment, etag = Deployment.read_with_etag(self.store, model)
            else:
                content = self.store.read_if_changed(key, old.etag)
                if content is None:
                    return old.deployment, old.etag
                deployment, etag = Deployment.from_json(content.json()), content.etag
        except ValueError as error:
            raise UnreadableDeployment(key) from error
        if deployment.champion is None:
            raise NotFound(key)
        return deployment, etag

    def _postpone(self, model: str, state: ServedState, error: StorageError) -> ServedState:
        """Keep the state, and leave S3 alone for longer after each failure: every attempt makes a caller wait."""
        state.failures += 1
        pause = min(self.refresh_seconds * 2**state.failures, max(MAX_PAUSE_SECONDS, self.refresh_seconds))
        state.refresh_at = self._clock() + pause
        if isinstance(error, StorageUnavailable):
            for other in self._states.values():
                other.refresh_at = max(other.refresh_at, state.refresh_at)
        logger.warning("deployment not refreshed", extra={"model": model, "reason": str(error)})
        return state


@cache
def registry() -> Registry:
    """Return the registry of this process, made from its environment."""
    settings = read_settings(InferenceSettings)
    store = open_store(settings.lake_bucket, hurried=True)
    return Registry(store, settings.refresh_seconds, memory=function_bytes())
