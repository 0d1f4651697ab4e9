"""What a retraining run was asked for: the state machine's input, checked once, here, at the door."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from preprocessing import MODEL_NAME
from refrain.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_REASON = 500


@dataclass(frozen=True)
class SnapshotRequest:
    """One run. `run` names it: the second it started, and a hash of the execution's name."""

    model: str
    run: str
    reason: str
    force: bool
    started_at: str

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> SnapshotRequest:
        """Check what the state machine passes on: its own input, its execution's name and start.

            Raises `InvalidRequest` naming the field and what was expected.

            >>> event = {"request": {"model": "income"}, "execution": "e", "started_at": "2026-11-23T12:04:09Z"}
        >>> SnapshotRequest.of(event).run
            '20261123T120409-3f79bb'
        """
        given = event.get("request")
        if not isinstance(given, dict):
            raise InvalidRequest(f'expected an object such as {{"model": "income"}}, got {given!r:.80}')
        unknown = sorted(str(name) for name in set(given) - {"model", "reason", "force"})
        if unknown:
            raise InvalidRequest(f"{', '.join(unknown)}: unknown; known are model, reason and force")
        model, reason, force = given.get("model"), given.get("reason", "manual"), given.get("force", False)
        if not isinstance(model, str) or not MODEL_NAME.fullmatch(model):
            raise InvalidRequest(f"model: expected the name of a model, got {model!r:.80}")
        if not isinstance(reason, str) or not 0 < len(reason) <= LONGEST_REASON:
            raise InvalidRequest(f"reason: expected text of 1 to {LONGEST_REASON} characters, got {reason!r:.80}")
        if not isinstance(force, bool):
            raise InvalidRequest(f"force: expected true or false, got {force!r:.80}")
        started = _moment(event.get("started_at"))
        name = hashlib.sha256(_text(event, "execution").encode()).hexdigest()[:6]
        return cls(model, f"{started:%Y%m%dT%H%M%S}-{name}", reason, force, event["started_at"])


def _text(event: Mapping[str, Any], name: str) -> str:
    value = event.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidRequest(f"{name}: expected text, got {value!r:.80}")
    return value


def _moment(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None:
        raise InvalidRequest(f"started_at: expected an ISO 8601 time, got {value!r:.80}")
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
