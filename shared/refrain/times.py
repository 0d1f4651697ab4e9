"""Times as they are stored, read and shown: UTC everywhere, ISO 8601 in documents."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np

type Timespec = Literal["seconds", "milliseconds", "microseconds"]
type Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the time of now, in UTC."""
    return datetime.now(UTC)


def from_iso(text: str) -> datetime:
    """Read an ISO 8601 time; without a zone it is UTC. Raises `ValueError`, also for one that is none in UTC.

    >>> from_iso("2026-11-23T12:00:00Z").isoformat()
    '2026-11-23T12:00:00+00:00'
    """
    time = datetime.fromisoformat(text)
    try:
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text} is outside the years 1 to 9999 in UTC") from None


def to_iso(time: datetime, timespec: Timespec = "seconds") -> str:
    """Write a time in UTC; what is written to the same precision sorts as text.

    >>> to_iso(from_iso("2026-11-23T12:00:00.250+01:00")), to_iso(from_iso("2026-11-23T12:00Z"), "milliseconds")
    ('2026-11-23T11:00:00Z', '2026-11-23T12:00:00.000Z')
    """
    return time.astimezone(UTC).isoformat(timespec=timespec).replace("+00:00", "Z")


def to_key(time: datetime) -> str:
    """Write a time as a part of a key, or of a name; it sorts as text.

    >>> to_key(from_iso("2026-11-23T12:20:00Z"))
    '20261123T122000Z'
    """
    return f"{time.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def to_datetime64(time: datetime) -> np.datetime64:
    """Return a time as the columns of the preprocessing layer have it: microseconds, UTC.

    >>> to_datetime64(from_iso("2026-11-23T12:20:00+01:00"))
    np.datetime64('2026-11-23T11:20:00.000000')
    """
    import numpy as np  # the check before traffic has no wheels

    return np.datetime64(time.astimezone(UTC).replace(tzinfo=None), "us")


def iso_of(time: np.datetime64) -> str:
    """Write a time of a column, to the second.

    >>> iso_of(to_datetime64(from_iso("2026-11-23T12:20:00+01:00")))
    '2026-11-23T11:20:00Z'
    """
    return f"{time.astype('datetime64[s]')}Z"


def hour_start(time: datetime, seconds: int = 3600) -> datetime:
    """Return the start of the hour of a time, or of a span of so many seconds.

    >>> hour_start(from_iso("2026-11-23T12:29:17Z")).minute, hour_start(from_iso("2026-11-23T12:29:17Z"), 300).minute
    (0, 25)
    """
    return time - (time - datetime(1970, 1, 1, tzinfo=UTC)) % timedelta(seconds=seconds)


def for_people(text: str) -> str:
    """Write an ISO 8601 time for people, in UTC; anything else stays as it is.

    >>> for_people("2026-11-23T12:04:09Z"), for_people("2026-11-23"), for_people("unknown")
    ('23 Nov 2026, 12:04 UTC', '23 Nov 2026', 'unknown')
    """
    try:
        time = from_iso(text)
    except ValueError:
        return text
    return f"{time:%d %b %Y}" if len(text) == 10 else f"{time:%d %b %Y, %H:%M} UTC"


def duration(start: str, end: str) -> str | None:
    """Write how long something took, from two ISO 8601 times; None when one is not a time.

    >>> duration("2026-11-23T12:00:00Z", "2026-11-23T12:01:35Z"), duration("2026-11-23T12:00:00Z", "later")
    ('1 min 35 s', None)
    """
    try:
        seconds = round((from_iso(end) - from_iso(start)).total_seconds())
    except (ValueError, TypeError):
        return None
    return f"{seconds // 60} min {seconds % 60} s" if seconds >= 60 else f"{seconds} s"
