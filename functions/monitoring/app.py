"""Looks at every model: called each hour, or by hand for one model; answers what was found and decided."""

from __future__ import annotations

from typing import Any

from refrain.monitoring.request import Request
from refrain.monitoring.rounds import make_round
from refrain.monitoring.services import Aws
from refrain.settings import settings
from refrain.storage import open_store


def handler(event: dict[str, Any], _context: object) -> dict[str, dict[str, object]]:
    """Make a round."""
    services = Aws(settings().state_machine_arn, settings().people_topic_arn)
    return make_round(open_store(settings().lake_bucket), services, settings().models_dir, Request.of(event))
