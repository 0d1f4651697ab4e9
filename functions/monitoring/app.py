"""The states "List the models" and "Monitor a model": the models of a round, or the report on one of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from refrain.aws.cloud import AwsCloud
from refrain.aws.storage import open_store
from refrain.monitoring.monitor import monitor_by_name
from refrain.monitoring.rounds import begin_round
from refrain.settings import MonitoringSettings, read_settings


def handler(event: dict[str, Any], _context: object) -> dict[str, object]:
    """Name the models that a `request` is about; or monitor the one that the event names."""
    settings = read_settings(MonitoringSettings)
    store = open_store(settings.lake_bucket)
    if "request" in event:
        return begin_round(store, event)
    services = AwsCloud(settings.state_machine_arn, settings.notification_topic_arn)
    delivery = timedelta(seconds=settings.delivery_seconds)
    return monitor_by_name(store, services, event, delivery)
