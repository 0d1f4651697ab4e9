"""Times as looks write and read them: ISO 8601, UTC, to the second."""

from __future__ import annotations

from datetime import UTC, datetime

from refrain.errors import InvalidRequest


def moment(text: str) -> datetime:
    """Read an ISO 8601 time; without a zone it is UTC. Raises `ValueError`.

    >>> moment("2026-11-23T12:00:00Z").isoformat()
    '2026-11-23T12:00:00+00:00'
    """
    time = datetime.fromisoformat(text)
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)


def written(time: datetime) -> str:
    """Write a time.

    >>> written(moment("2026-11-23T12:00:00.250+01:00"))
    '2026-11-23T11:00:00Z'
    """
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def in_key(time: datetime) -> str:
    """Write a time as a part of a key, or of a name; it sorts as text.

    >>> in_key(moment("2026-11-23T12:20:00Z"))
    '20261123T122000Z'
    """
    return f"{time.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def asked_for(value: object) -> datetime:
    """Read the time that an event names; None is now. Raises `InvalidRequest`."""
    if value is None:
        return datetime.now(UTC)
    try:
        return moment(value) if isinstance(value, str) else moment("")
    except ValueError:
        raise InvalidRequest(f"now: expected an ISO 8601 time, got {value!r:.80}") from None
