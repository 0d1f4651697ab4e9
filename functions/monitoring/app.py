"""Checks every model each hour, or one model on request, and answers with what it found and decided."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from refrain.aws.cloud import AwsCloud
from refrain.aws.storage import open_store
from refrain.monitoring.monitor import run_round
from refrain.settings import MonitoringSettings, read_settings


def handler(event: dict[str, Any], _context: object) -> dict[str, dict[str, object]]:
    """Make a monitoring round."""
    settings = read_settings(MonitoringSettings)
    services = AwsCloud(settings.state_machine_arn, settings.notification_topic_arn)
    delivery = timedelta(seconds=settings.delivery_seconds)
    return run_round(open_store(settings.lake_bucket), services, settings.models_dir, event, delivery)
