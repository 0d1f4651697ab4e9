"""A round of monitoring: one report on each model. A model that fails does not keep the others from theirs."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from preprocessing import PreprocessingError
from refrain.definitions import find_definition, known_models
from refrain.errors import RefrainError, RoundIncomplete
from refrain.events import MODEL, TIME, read_fields
from refrain.monitoring.monitor import monitor_model
from refrain.monitoring.windows import DELIVERY_TIME

if TYPE_CHECKING:
    from datetime import timedelta
    from pathlib import Path

    from refrain.aws.cloud import Services
    from refrain.aws.storage import Store

MONITORING_FIELDS = {"model": MODEL.optional(), "now": TIME.optional()}

logger = logging.getLogger("refrain")


def run_round(
    store: Store, services: Services, models_dir: Path, event: object, delivery: timedelta = DELIVERY_TIME
) -> dict[str, dict[str, object]]:
    """Monitor the event's `model`, or all models, as of its time `now`; return each model's state and decision.

    Captured lines are delivered within `delivery`.

    Raises:
        InvalidRequest: when the event cannot be used.
        UnknownModel: when the event's model has no definition.
        RoundIncomplete: after all other models; the same event again monitors only those that failed.
    """
    fields = read_fields(event, MONITORING_FIELDS, closed=True)
    model, now = fields["model"], fields["now"] or datetime.now(UTC)
    results: dict[str, dict[str, object]] = {}
    failures: dict[str, str] = {}
    for name in [model] if model else known_models(models_dir):
        try:
            report = monitor_model(store, services, find_definition(models_dir, name), now, delivery)
        except (RefrainError, PreprocessingError) as error:
            if model:
                raise
            logger.exception("monitoring failed", extra={"model": name})
            failures[name] = str(error)
        else:
            results[name] = {"time": report.time, "state": report.state, **report.decision.to_json()}
    if failures:
        raise RoundIncomplete(failures)
    return results
