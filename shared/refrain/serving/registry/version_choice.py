"""Choose and prove the versions that answer for a model, of those that its deployment names.

A version that fails its proof is refused for a while. The version before the champion answers instead, or one that is
loaded already. Whatever goes wrong with a challenger, the champion answers.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from refrain.aws.emf import count_metric
from refrain.errors import BrokenVersion, StorageError
from refrain.model.loading import is_recommender, load_version
from refrain.serving.trial_answers import LoadedChallenger
from refrain.times import to_iso

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from refrain.aws.storage import Store
    from refrain.lake.deployment import Deployment, Served
    from refrain.lake.footprint import Footprint
    from refrain.model.loading import LoadedVersion
    from refrain.model.tabular import TabularModel

logger = logging.getLogger("refrain")

REFUSED_SECONDS = 300.0
"""The time after which a version that failed its proof is loaded again."""


class VersionChoice:
    """Loads versions, and remembers those that it refused.

    `make_room` is told the model and what its version takes, and answers whether there is room for it.
    """

    def __init__(self, store: Store, clock: Callable[[], float], make_room: Callable[[str, Footprint], bool]) -> None:
        self._store = store
        self._clock = clock
        self._make_room = make_room
        self._refused: dict[tuple[str, str], float] = {}

    def champion(self, model: str, deployment: Deployment, loaded: Sequence[LoadedVersion]) -> LoadedVersion | None:
        """Return the champion; when it fails its proof the version before it, or else one that is loaded."""
        for served in (deployment.champion, deployment.previous):
            if served is None or self._is_refused(model, served.version):
                continue
            try:
                return self._load(model, served, loaded)
            except BrokenVersion as error:
                self._refuse(model, served.version, error, "VersionRefused")
        return loaded[0] if loaded else None

    def challenger(
        self, model: str, deployment: Deployment, champion: LoadedVersion | None, loaded: Sequence[LoadedVersion]
    ) -> tuple[LoadedChallenger | None, LoadedVersion | None]:
        """Return the challenger and its version; a refused one stays on trial without answers, for the judge to see."""
        settings = deployment.challenger
        if settings is None or champion is None or champion.served.version != deployment.champion_version:
            return None, None
        if settings.until < to_iso(datetime.now(UTC), "milliseconds"):
            return None, None
        if self._is_refused(model, settings.version):
            return LoadedChallenger(settings, None), None
        try:
            version = self._load(model, settings, loaded)
            return LoadedChallenger(settings, _check_trial(version, champion)), version
        except BrokenVersion as error:
            self._refuse(model, settings.version, error, "ChallengerRefused")
            return LoadedChallenger(settings, None), None
        except StorageError as error:
            logger.warning("challenger not loaded", extra={"model": model, "reason": str(error)})
            return None, None

    def _load(self, model: str, served: Served, loaded: Sequence[LoadedVersion]) -> LoadedVersion:
        """Load a version, unless it is loaded already."""
        for version in loaded:
            if version.served.version == served.version:
                return replace(version, served=served)
        started = time.perf_counter()
        version = load_version(self._store, model, served, partial(self._make_room, model))
        milliseconds = round((time.perf_counter() - started) * 1000, 1)
        logger.info("version loaded", extra={"model": model, "version": served.version, "milliseconds": milliseconds})
        return version

    def _is_refused(self, model: str, version: str) -> bool:
        return self._clock() < self._refused.get((model, version), 0.0)

    def _refuse(self, model: str, version: str, error: BrokenVersion, metric: str) -> None:
        self._refused[model, version] = self._clock() + REFUSED_SECONDS
        logger.error("version refused", extra={"model": model, "version": version, "reason": str(error)})
        count_metric(metric, model, version=version)


def _check_trial(challenger: LoadedVersion, champion: LoadedVersion) -> TabularModel:
    """Return the model of a challenger, if it can be on trial beside the champion."""
    model = challenger.model
    if is_recommender(model):
        raise BrokenVersion(model.version, "a recommender goes into service without a trial")
    if model.definition.task != champion.model.definition.task:
        raise BrokenVersion(model.version, "its task is not the champion's")
    return model
