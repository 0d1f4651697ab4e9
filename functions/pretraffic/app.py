"""Checks new code of inference before requests shift to it. CodeDeploy calls it, and waits for its answer."""

from __future__ import annotations

from typing import Any

from refrain.aws.cloud import AwsCloud
from refrain.release.check import ReleaseRequest, check_release
from refrain.settings import ReleaseSettings, read_settings


def handler(event: dict[str, Any], _context: object) -> dict[str, object]:
    """Check the new code."""
    return check_release(AwsCloud(), ReleaseRequest.of(event), read_settings(ReleaseSettings).new_version_arn)
