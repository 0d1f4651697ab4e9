"""What came in while a version was in service. Each kind of model reads and judges its own traffic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from refrain.lake.monitoring_report import JudgedWindow, MeasuredQuality, PastWindow, RecommendationHits


@dataclass(frozen=True)
class Traffic:
    """What came in: `rows` wait to be judged, `damaged` captured lines could not be read.

    `judge` holds the waiting rows against training; it takes the past windows of the version.
    """

    rows: int
    damaged: int
    judge: Callable[[Sequence[PastWindow]], JudgedWindow]
    quality: MeasuredQuality | None = None
    hits: RecommendationHits | None = None
