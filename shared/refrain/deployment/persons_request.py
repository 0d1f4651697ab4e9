"""What a person asks of a deployment, by starting the state machine with an `action`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from refrain.events import TEXT, TIME, Field, read_fields
from refrain.times import to_iso

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class PersonsRequest:
    """The fields of each request: `by` names the execution that carries it, `at` is its start."""

    FIELDS: ClassVar[Mapping[str, Field]]

    model: str
    action: str
    version: str | None
    reason: str
    by: str
    at: str

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> Self:
        """Check what the state machine passes on: its own input, its execution's name and start.

        Raises `InvalidRequest` naming the field and what was expected.
        """
        values = read_fields(event.get("request"), cls.FIELDS, closed=True)
        execution = read_fields(event, {"execution": TEXT, "started_at": TIME})
        at = to_iso(execution["started_at"], "milliseconds")
        return cls(**values, by=execution["execution"], at=at)
