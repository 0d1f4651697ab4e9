"""What the schedule, or a person, asks for: which models, and as of when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from preprocessing import MODEL_NAME
from refrain.errors import InvalidRequest
from refrain.times import time_or_now

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True)
class MonitoringRequest:
    """`model` is None for all of them; `now` is the moment of the look (UTC)."""

    model: str | None
    now: datetime

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> MonitoringRequest:
        """Check an event. Raises `InvalidRequest` naming the field.

        >>> MonitoringRequest.of({"now": "2026-11-23T12:20:00Z"}).now.isoformat()
        '2026-11-23T12:20:00+00:00'
        """
        unknown = sorted(str(name) for name in set(event) - {"model", "now"})
        if unknown:
            raise InvalidRequest(f"{', '.join(unknown)}: unknown; known are model and now")
        model = event.get("model")
        if model is not None and not (isinstance(model, str) and MODEL_NAME.fullmatch(model)):
            raise InvalidRequest(f"model: expected the name of a model, got {model!r:.80}")
        return cls(model, time_or_now(event.get("now")))
