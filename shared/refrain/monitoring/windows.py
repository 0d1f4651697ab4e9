"""Which rows are judged together, how they are judged, and what several windows in a row amount to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from refrain.lake.judged_window import JudgedWindow, PastWindow
    from refrain.lake.monitoring_report import DriftState
    from refrain.lake.quality_figures import CoverageFigures, MeasuredQuality, RecommendationHits

DELIVERY_TIME = timedelta(minutes=15)
"""Captured lines are delivered within this time, unless the environment says otherwise; younger predictions wait.

Firehose delivers after five minutes at most; a line needs a few more to reach it, and to be written from there.
"""

TOLERANCE = timedelta(minutes=5)
"""A window may be this much shorter, since a schedule is not punctual to the second; a short one a twelfth shorter."""


@dataclass(frozen=True)
class Window:
    """A span of time: from `since` to before `until`."""

    since: datetime
    until: datetime


@dataclass(frozen=True)
class Traffic:
    """What came in while a version was in service: `rows` wait to be judged, `damaged` lines could not be read.

    `judge` holds the waiting rows against training; it takes the past windows of the version.
    """

    rows: int
    damaged: int
    judge: Callable[[Sequence[PastWindow]], JudgedWindow]
    quality: MeasuredQuality | None = None
    coverage: CoverageFigures | None = None
    hits: RecommendationHits | None = None


def waiting_window(
    now: datetime,
    length: float,
    served_since: datetime,
    judged_until: datetime | None,
    max_windows: int,
    delivery: timedelta = DELIVERY_TIME,
) -> Window:
    """Return the span that waits to be judged. It belongs to one window, so no row is tested twice.

    It begins where the last judged window ended, or when the version went into service, but reaches no further back
    than `max_windows` windows of `length` seconds. It ends `delivery` ago, since younger rows may not have arrived.

    >>> day = datetime(2026, 11, 23)
    >>> waiting_window(day + timedelta(hours=30), 86400, day, None, 3).until
    datetime.datetime(2026, 11, 24, 5, 45)
    """
    until = now - delivery
    since = max(served_since, judged_until or served_since, until - max_windows * timedelta(seconds=length))
    return Window(since, max(since, until))


def is_long_enough(window: Window, length: float) -> bool:
    """Tell whether enough time has passed to judge a window."""
    whole = timedelta(seconds=length)
    return window.until - window.since >= whole - min(TOLERANCE, whole / 12)


def drift_state(alarmed: Sequence[bool], least: int, of: int) -> DriftState:
    """Return the state after these windows: `least` alarms in the last `of` windows are a drift, fewer are watched.

    By chance one window in a hundred alarms; two of three do once in three thousand.

    >>> drift_state([False, True], 2, 3), drift_state([True, False, True], 2, 3)
    ('watch', 'drifted')
    >>> drift_state([True, False, False, False], 2, 3), drift_state([], 2, 3)
    ('steady', 'not_judged')
    """
    if not alarmed:
        return "not_judged"
    alarms = sum(alarmed[-of:])
    return "drifted" if alarms >= least else "watch" if alarms else "steady"
