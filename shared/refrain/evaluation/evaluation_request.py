"""The input of "Compare with the champion", checked at the door: the run, and what the Map left of each candidate."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from refrain.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Trained:
    """A candidate as the training step left it: a version, or the error that there is none for."""

    name: str
    version: str
    error: str | None


@dataclass(frozen=True)
class EvaluationRequest:
    """The state's input, checked."""

    model: str
    run: str
    reason: str
    started_at: str
    trained: tuple[Trained, ...]

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> EvaluationRequest:
        """Check the input. Raises `InvalidRequest` naming the field."""
        for name in ("model", "run", "reason", "started_at"):
            if not isinstance(event.get(name), str) or not event[name]:
                raise InvalidRequest(f"{name}: expected text, got {event.get(name)!r}")
        trained = event.get("trained")
        if not isinstance(trained, list) or not trained:
            raise InvalidRequest(f"trained: expected the list of what the Map trained, got {trained!r}")
        items = tuple(_trained(item, event["run"]) for item in trained)
        return cls(event["model"], event["run"], event["reason"], event["started_at"], items)


def _trained(item: object, run: str) -> Trained:
    if not isinstance(item, dict) or not isinstance(item.get("candidate"), str):
        raise InvalidRequest(f"trained: expected items with the name of a candidate, got {item!r:.200}")
    error = item.get("error")
    return Trained(item["candidate"], item.get("version") or f"{run}-{item['candidate']}", _cause(error))


def _cause(error: object) -> str | None:
    """Find the sentence in what Step Functions makes of a failed Lambda."""
    if error is None:
        return None
    if not isinstance(error, dict):
        return str(error)
    try:
        cause = json.loads(str(error.get("Cause")))
    except json.JSONDecodeError:
        cause = {}
    sentence = cause.get("errorMessage") if isinstance(cause, dict) else None
    return str(sentence or error.get("Cause") or error.get("Error"))[:500]
