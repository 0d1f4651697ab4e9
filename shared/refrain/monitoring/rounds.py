"""The first step of a monitoring round: name the models, each of which the state machine monitors by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refrain.events import TEXT, TIME, read_fields
from refrain.lake.model_definition import known_models
from refrain.lake.monitoring_round import MonitoringRound
from refrain.times import to_iso

if TYPE_CHECKING:
    from collections.abc import Mapping

    from refrain.aws.storage import Store

ROUND_FIELDS = {"execution": TEXT, "started_at": TIME}
REQUEST_FIELDS = {"now": TIME.optional()}


def begin_round(store: Store, event: Mapping[str, object]) -> dict[str, object]:
    """Return the `models` to monitor as of the time `now`: that of the request, or else the execution's start.

    `begun_here` is false where another execution has begun the round of this time. A broken definition has a name too,
    so its model fails by itself. Raises `InvalidRequest` when the request cannot be used.
    """
    execution = read_fields(event, ROUND_FIELDS)
    requested = read_fields(event.get("request"), REQUEST_FIELDS, closed=True)["now"]
    now = requested or execution["started_at"]
    begun_here = MonitoringRound(execution["execution"]).begin(store, now)
    return {"now": to_iso(now), "models": list(known_models(store)), "begun_here": begun_here}
