"""Which versions of a model answer, of those that its deployment names: each is proved before it does.

A version that failed its proof is left alone for a while. The one before the champion answers instead, or else what is
loaded; whatever goes wrong with a challenger, the champion answers.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from refrain.aws.emf import count_metric
from refrain.errors import BrokenVersion, StorageError
from refrain.model.loading import is_recommender, load_version
from refrain.serving.trial_answers import LoadedChallenger
from refrain.times import to_iso_milliseconds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from refrain.aws.storage import Store
    from refrain.lake.deployment import Deployment, Served
    from refrain.model.loading import LoadedVersion

logger = logging.getLogger("refrain")

REFUSED_SECONDS = 300.0
"""How long a version that failed its proof is not tried again."""


class VersionChoice:
    """Loads versions, and remembers which were refused."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._refused: dict[tuple[str, str], float] = {}

    def champion(self, model: str, deployment: Deployment, loaded: Sequence[LoadedVersion]) -> LoadedVersion | None:
        """Take the champion; when it fails its proof the one before it, or else what is loaded."""
        for served in (deployment.champion, deployment.previous):
            if served is None or self._is_refused(model, served.version):
                continue
            try:
                return self._taken(model, served, loaded)
            except BrokenVersion as error:
                self._refuse(model, served.version, error, "VersionRefused")
        return loaded[0] if loaded else None

    def challenger(
        self, model: str, deployment: Deployment, champion: LoadedVersion | None, loaded: Sequence[LoadedVersion]
    ) -> tuple[LoadedChallenger | None, LoadedVersion | None]:
        """Load the challenger and prove it. A refused one stays a rival without an answer, for the judge to see."""
        terms = deployment.challenger
        if terms is None or champion is None or champion.served.version != deployment.champion_version:
            return None, None
        if terms.until < to_iso_milliseconds(datetime.now(UTC)):
            return None, None
        if self._is_refused(model, terms.version):
            return LoadedChallenger(terms, None), None
        try:
            found = self._taken(model, terms, loaded)
            if is_recommender(found.model):
                raise BrokenVersion(terms.version, "a recommender goes into service without a trial")
            if found.model.definition.task != champion.model.definition.task:
                raise BrokenVersion(terms.version, "its task is not the champion's")
            challenger = found.model
        except BrokenVersion as error:
            self._refuse(model, terms.version, error, "ChallengerRefused")
            return LoadedChallenger(terms, None), None
        except StorageError as error:
            logger.warning("challenger not loaded", extra={"model": model, "reason": str(error)})
            return None, None
        return LoadedChallenger(terms, challenger), found

    def _taken(self, model: str, served: Served, loaded: Sequence[LoadedVersion]) -> LoadedVersion:
        for each in loaded:
            if each.served.version == served.version:
                return replace(each, served=served)
        return self._load(model, served)

    def _load(self, model: str, served: Served) -> LoadedVersion:
        started = time.perf_counter()
        sound = load_version(self._store, model, served)
        milliseconds = round((time.perf_counter() - started) * 1000, 1)
        logger.info("version loaded", extra={"model": model, "version": served.version, "milliseconds": milliseconds})
        return sound

    def _is_refused(self, model: str, version: str) -> bool:
        return self._clock() < self._refused.get((model, version), 0.0)

    def _refuse(self, model: str, version: str, error: BrokenVersion, metric: str) -> None:
        self._refused[model, version] = self._clock() + REFUSED_SECONDS
        logger.error("version refused", extra={"model": model, "version": version, "reason": str(error)})
        count_metric(metric, model, version=version)
