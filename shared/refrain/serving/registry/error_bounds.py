"""The bounds of errors by which versions say how sure they are, read when an answer first needs one.

A request that does not ask costs nothing. Labels change a bound once an hour, so it is looked at every minute.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from refrain.conformal import error_bound
from refrain.errors import NotFound, StorageError
from refrain.lake.adapted_bound import AdaptedBound
from refrain.lake.calibration_errors import CalibrationErrors

if TYPE_CHECKING:
    from collections.abc import Callable

    from refrain.aws.storage import Store
    from refrain.lake.adapted_bound import Withheld
    from refrain.lake.version import Manifest

logger = logging.getLogger("refrain")

BOUND_SECONDS = 60.0
"""The time for which a bound is used without asking the lake again."""

MAX_HELD_BOUNDS = 100
"""Bounds in memory; beyond them all are read again."""


@dataclass(slots=True)
class HeldBound:
    """The bound of a version's errors, or why it is withheld, until `refresh_at` (on the registry's clock)."""

    bound: float | None
    withheld: Withheld | None
    refresh_at: float


class ErrorBounds:
    """The bounds of the versions of a process, by version and coverage."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._held: dict[tuple[str, float], HeldBound] = {}

    def find(self, manifest: Manifest, coverage: float) -> HeldBound:
        """Return the bound that holds a share `coverage` of a version's errors."""
        now = self._clock()
        held = self._held.get((manifest.version, coverage))
        if held is None or now >= held.refresh_at:
            if len(self._held) >= MAX_HELD_BOUNDS:
                self._held.clear()
            held = self._held[manifest.version, coverage] = self._read(manifest, coverage, held, now + BOUND_SECONDS)
        return held

    def _read(self, manifest: Manifest, coverage: float, held: HeldBound | None, refresh_at: float) -> HeldBound:
        """Read the bound that the labels adapted; before any report, and for another coverage, that of the holdout."""
        try:
            try:
                adapted = AdaptedBound.read(self._store, manifest.model, manifest.version)
                if adapted.coverage == coverage:
                    return HeldBound(adapted.bound, adapted.withheld, refresh_at)
            except NotFound:
                pass
            judged = manifest.judged or manifest.version
            errors = CalibrationErrors.read(self._store, manifest.model, judged)
        except NotFound:
            return HeldBound(None, "not_calibrated", refresh_at)
        except (StorageError, ValueError) as error:
            logger.warning("bound not read", extra={"version": manifest.version, "reason": str(error)})
            return HeldBound(held.bound, held.withheld, refresh_at) if held else HeldBound(None, "unavailable", refresh_at)
        bound = error_bound(errors.ranked, 1 - coverage)
        return HeldBound(bound, "too_few_rows" if bound is None else None, refresh_at)
