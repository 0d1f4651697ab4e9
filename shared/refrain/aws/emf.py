"""Metrics as log lines, which CloudWatch counts by itself (embedded metric format), without a library.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

from refrain.settings import MetricSettings, read_settings

if TYPE_CHECKING:
    from collections.abc import Mapping


def count_metric(metric: str, model: str, **facts: object) -> None:
    """Count one event, over all models (for alarms) and for this one; facts can be searched, not counted."""
    measure({metric: 1}, {"model": model}, **facts)


def count_for_release(metric: str, **facts: object) -> None:
    """Count one event, over all versions of this function and for this one, which an alarm may roll back."""
    measure({metric: 1}, {"function_version": os.environ["AWS_LAMBDA_FUNCTION_VERSION"]}, **facts)


def measure(counts: Mapping[str, int], dimension: Mapping[str, str], **facts: object) -> None:
    """Write several counts at once, in total and by one dimension."""
    definition = {
        "Namespace": read_settings(MetricSettings).metric_namespace,
        "Dimensions": [[], [*dimension]],
        "Metrics": [{"Name": name, "Unit": "Count"} for name in counts],
    }
    line = {"_aws": {"Timestamp": time.time_ns() // 1_000_000, "CloudWatchMetrics": [definition]}}
    # Printed, because Lambda wraps logged lines in JSON of its own.
    print(json.dumps(line | dict(dimension) | dict(counts) | facts), flush=True)
