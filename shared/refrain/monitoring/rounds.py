"""A round: one look at each model. One that cannot be looked at does not keep the others from being."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from preprocessing import PreprocessingError
from refrain.definitions import find_definition, known_models
from refrain.errors import RefrainError, RoundIncomplete
from refrain.monitoring.monitor import monitor_model
from refrain.monitoring.windows import LATE

if TYPE_CHECKING:
    from datetime import timedelta
    from pathlib import Path

    from refrain.aws.cloud import Services
    from refrain.aws.storage import Store
    from refrain.monitoring.monitoring_request import MonitoringRequest

logger = logging.getLogger("refrain")


def make_round(
    store: Store, services: Services, models_dir: Path, request: MonitoringRequest, late: timedelta = LATE
) -> dict[str, dict[str, object]]:
    """Look at the model that is asked for, or at all; return the state and the decision of each.

    Captured lines are delivered within `late`.

    Raises:
        UnknownModel: when the one that is asked for has no definition.
        RoundIncomplete: after all others were looked at; the same round again looks at those that failed only.
    """
    done: dict[str, dict[str, object]] = {}
    failed: dict[str, str] = {}
    for model in [request.model] if request.model else known_models(models_dir):
        try:
            look = monitor_model(store, services, find_definition(models_dir, model), request.now, late)
        except (RefrainError, PreprocessingError) as error:
            if request.model:
                raise
            logger.exception("no look", extra={"model": model})
            failed[model] = str(error)
        else:
            done[model] = {"time": look["time"], "state": look["state"], **look["decision"]}
    if failed:
        raise RoundIncomplete(failed)
    return done
