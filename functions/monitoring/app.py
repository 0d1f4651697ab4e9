"""Checks every model each hour, or one model on request, and answers with what it found and decided."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from refrain.aws.cloud import AwsCloud
from refrain.aws.storage import open_store
from refrain.monitoring.monitoring_request import MonitoringRequest
from refrain.monitoring.rounds import make_round
from refrain.settings import settings


def handler(event: dict[str, Any], _context: object) -> dict[str, dict[str, object]]:
    """Make a monitoring round."""
    configured = settings()
    cloud = AwsCloud(configured.state_machine_arn, configured.notification_topic_arn)
    delivery = timedelta(seconds=configured.delivery_seconds)
    store, request = open_store(configured.lake_bucket), MonitoringRequest.of(event)
    return make_round(store, cloud, configured.models_dir, request, delivery)
