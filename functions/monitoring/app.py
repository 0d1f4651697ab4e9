"""Looks at every model: called each hour, or by hand for one model; answers what was found and decided."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from refrain.aws.cloud import AwsCloud
from refrain.aws.storage import open_store
from refrain.monitoring.monitoring_request import MonitoringRequest
from refrain.monitoring.rounds import make_round
from refrain.settings import settings


def handler(event: dict[str, Any], _context: object) -> dict[str, dict[str, object]]:
    """Make a round."""
    said = settings()
    services, late = AwsCloud(said.state_machine_arn, said.people_topic_arn), timedelta(seconds=said.delivery_seconds)
    return make_round(open_store(said.lake_bucket), services, said.models_dir, MonitoringRequest.of(event), late)
