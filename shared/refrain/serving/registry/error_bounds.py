"""The bounds of errors by which versions say how sure they are, read when an answer first needs one.

A request that does not ask costs nothing. Labels change a bound once an hour, so it is looked at every minute.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from refrain.conformal import error_bound
from refrain.errors import NotFound, StorageError
from refrain.lake.adapted_bound import AdaptedBound
from refrain.lake.calibration_errors import CalibrationErrors
from refrain.lake.capture.record import ServedBound

if TYPE_CHECKING:
    from collections.abc import Callable

    from refrain.aws.storage import Store
    from refrain.lake.version import Manifest

logger = logging.getLogger("refrain")

BOUND_SECONDS = 60.0
"""The time for which a bound is used without asking the lake again."""

MAX_HELD_BOUNDS = 100
"""Bounds in memory; beyond them all are read again."""


class ErrorBounds:
    """The bounds of the versions of a process, by version and coverage."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._held: dict[tuple[str, float], tuple[ServedBound, float]] = {}

    def find(self, manifest: Manifest, coverage: float) -> ServedBound:
        """Return the bound that holds a share `coverage` of a version's errors."""
        key, now = (manifest.version, coverage), self._clock()
        served, refresh_at = self._held.get(key, (None, now))
        if served is None or now >= refresh_at:
            if len(self._held) >= MAX_HELD_BOUNDS:
                self._held.clear()
            served = self._read(manifest, coverage, served)
            self._held[key] = served, now + BOUND_SECONDS
        return served

    def _read(self, manifest: Manifest, coverage: float, earlier: ServedBound | None) -> ServedBound:
        """Read a bound; while the lake fails, the earlier one holds."""
        try:
            return self._adapted(manifest, coverage) or self._calibrated(manifest, coverage)
        except NotFound:
            return ServedBound(None, "not_calibrated")
        except (StorageError, ValueError) as error:
            logger.warning("bound not read", extra={"version": manifest.version, "reason": str(error)})
            return earlier or ServedBound(None, "unavailable")

    def _adapted(self, manifest: Manifest, coverage: float) -> ServedBound | None:
        """Return the bound that labels have adapted; None before any have, and for another coverage."""
        try:
            adapted = AdaptedBound.read(self._store, manifest.model, manifest.version)
        except NotFound:
            return None
        return ServedBound(adapted.bound, adapted.withheld) if adapted.coverage == coverage else None

    def _calibrated(self, manifest: Manifest, coverage: float) -> ServedBound:
        """Return the bound of the judged rows. Raises `NotFound`."""
        errors = CalibrationErrors.read(self._store, manifest.model, manifest.judged or manifest.version)
        bound = error_bound(errors.ranked, 1 - coverage)
        return ServedBound(bound, "too_few_rows" if bound is None else None)
