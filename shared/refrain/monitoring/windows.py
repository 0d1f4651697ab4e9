"""Which rows are judged together, how they are judged, and what several windows in a row amount to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from refrain.times import hour_start

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


HOUR_LENGTHS = (3600, 1800, 1200, 900, 600, 300, 120, 60, 30, 20, 10, 5, 2, 1)
"""Spans that rows are counted in, in seconds; an hour is made of whole ones."""

HOURS_OF_A_WINDOW = 12
"""A window is made of at least so many spans, since it begins and ends with one."""


@dataclass(frozen=True)
class Window:
    """A span of time: from `since` to before `until`."""

    since: datetime
    until: datetime


@dataclass(frozen=True)
class Traffic:
    """What came in while a version was in service: `rows` wait to be judged, `damaged` lines could not be read.

    While files wait to be read, nothing is judged. `judge` holds the waiting rows against training; it takes the past
    windows of the version.
    """

    rows: int
    damaged: int
    judge: Callable[[Sequence[PastWindow]], JudgedWindow]
    quality: MeasuredQuality | None = None
    coverage: CoverageFigures | None = None
    hits: RecommendationHits | None = None
    waiting_files: int = 0


def hour_length(window: float) -> int:
    """Return the seconds of the spans in which the rows of windows of so many seconds are counted.

    >>> hour_length(86400.0), hour_length(3600.0), hour_length(60.0), hour_length(1.0)
    (3600, 300, 5, 1)
    """
    return next((seconds for seconds in HOUR_LENGTHS if seconds * HOURS_OF_A_WINDOW <= window), HOUR_LENGTHS[-1])


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
    than `max_windows` windows of `length` seconds. It ends with the last hour (see `hour_length`) that ended `delivery`
    ago, since younger rows may not have arrived.

    >>> day = datetime.fromisoformat("2026-11-23T00:00:00Z")
    >>> waiting_window(day + timedelta(hours=30, minutes=20), 86400, day, None, 3).until.isoformat()
    '2026-11-24T06:00:00+00:00'
    """
    until = hour_start(now - delivery, hour_length(length))
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
