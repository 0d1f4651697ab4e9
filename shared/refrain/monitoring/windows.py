"""Which predictions are looked at together, and what several windows in a row come to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from refrain.settings import DELIVERY_SECONDS

if TYPE_CHECKING:
    from collections.abc import Sequence

type State = Literal["steady", "watch", "drifted"]

LATE = timedelta(seconds=DELIVERY_SECONDS)
"""Captured lines are delivered within this time, unless told otherwise; younger predictions wait."""

EARLY = timedelta(minutes=5)
"""A window may be shorter by this, since a schedule is not punctual to the second; one of less than an hour by less."""


@dataclass(frozen=True)
class Window:
    """A stretch of time: from `since` to before `until`."""

    since: datetime
    until: datetime


def gathered(
    now: datetime,
    length: float,
    served_since: datetime,
    judged_until: datetime | None,
    most: int,
    late: timedelta = LATE,
) -> Window:
    """Return the time from which predictions wait to be judged: each belongs to one window, so no row is tested twice.

    It begins where the last judged window ended, or when the version went into service, but reaches no further back
    than `most` windows of `length` seconds. It ends `late` ago, since what is younger may not be delivered yet.

    >>> day = datetime(2026, 11, 23)
    >>> gathered(day + timedelta(hours=30), 86400, day, None, 3).until
    datetime.datetime(2026, 11, 24, 5, 45)
    """
    until = now - late
    since = max(served_since, judged_until or served_since, until - most * timedelta(seconds=length))
    return Window(since, max(since, until))


def is_long_enough(window: Window, length: float) -> bool:
    """Tell whether enough time has passed for a window to be judged."""
    whole = timedelta(seconds=length)
    return window.until - window.since >= whole - min(EARLY, whole / 12)


def state_of(alarmed: Sequence[bool], least: int, of: int) -> State:
    """Return what the latest windows come to: one that alarms is watched, `least` of the last `of` are a drift.

    Chance alarms in one window of a hundred; in two of three it does once in three thousand.

    >>> state_of([False, True], 2, 3), state_of([True, False, True], 2, 3), state_of([True, False, False, False], 2, 3)
    ('watch', 'drifted', 'steady')
    """
    found = sum(alarmed[-of:])
    return "drifted" if found >= least else "watch" if found else "steady"
