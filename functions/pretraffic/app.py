"""Checks new code of inference before requests shift to it. CodeDeploy calls it, and waits for its answer."""

from __future__ import annotations

from typing import Any

from refrain.release.check import check_release
from refrain.release.request import ReleaseRequest
from refrain.release.services import Aws
from refrain.settings import settings


def handler(event: dict[str, Any], _context: object) -> dict[str, object]:
    """Check the new code."""
    return check_release(Aws(), ReleaseRequest.of(event), settings().new_version_arn)
