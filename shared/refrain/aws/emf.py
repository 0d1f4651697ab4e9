"""Metrics as log lines, which CloudWatch counts by itself (embedded metric format), without a library.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMESPACE = "Refrain"


def count_metric(metric: str, model: str, **facts: object) -> None:
    """Count one event, over all models (for alarms) and for this one; facts can be searched, not counted."""
    measure(model, {metric: 1}, **facts)


def measure(model: str, counts: Mapping[str, int], **facts: object) -> None:
    """Write several counts at once."""
    definition = {
        "Namespace": NAMESPACE,
        "Dimensions": [[], ["model"]],
        "Metrics": [{"Name": name, "Unit": "Count"} for name in counts],
    }
    line = {"_aws": {"Timestamp": time.time_ns() // 1_000_000, "CloudWatchMetrics": [definition]}}
    # Printed, because Lambda wraps logged lines in JSON of its own.
    print(json.dumps(line | {"model": model, **counts} | facts), flush=True)
