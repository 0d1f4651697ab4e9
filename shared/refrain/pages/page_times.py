"""Times as people read them."""

from datetime import UTC, datetime


def moment(written: str) -> str:
    """Write an ISO 8601 time for people, in UTC; what is no time stays as it is.

    >>> moment("2026-11-23T12:04:09Z"), moment("2026-11-23"), moment("unknown")
    ('23 Nov 2026, 12:04 UTC', '23 Nov 2026', 'unknown')
    """
    try:
        time = datetime.fromisoformat(written)
    except ValueError:
        return written
    if len(written) == 10:
        return f"{time:%d %b %Y}"
    in_utc = time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    return f"{in_utc:%d %b %Y, %H:%M} UTC"


def took(start: str, end: str) -> str | None:
    """Write how long something took; None when a time is not known.

    >>> took("2026-11-23T12:00:00Z", "2026-11-23T12:01:35Z"), took("2026-11-23T12:00:00Z", "2026-11-23T12:00:07Z")
    ('1 min 35 s', '7 s')
    """
    try:
        seconds = round((datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds())
    except (ValueError, TypeError):
        return None
    return f"{seconds // 60} min {seconds % 60} s" if seconds >= 60 else f"{seconds} s"
