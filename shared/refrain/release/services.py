"""What the check asks of AWS: inference, version by version, and CodeDeploy. boto3 is what the runtime brings.

Raises `ServiceUnavailable`, and nothing of botocore.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

import boto3
from botocore.config import Config

from refrain.aws.boto_errors import aws_errors
from refrain.errors import ServiceUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from refrain.release.request import ReleaseRequest

PATH = "/v1/models"
PATIENCE = 60
"""Seconds; a version that loads many models for the first time takes some."""


class Services(Protocol):
    """What the check needs of the cloud around it."""

    def models(self, version: str) -> list[Mapping[str, Any]]:
        """Have a version of inference load and prove all that is deployed, and say what it would serve."""

    def tell(self, request: ReleaseRequest, *, sound: bool) -> None:
        """Tell CodeDeploy whether callers may move."""


class Aws:
    """Lambda and CodeDeploy."""

    def models(self, version: str) -> list[Mapping[str, Any]]:
        """Ask as API Gateway does for `GET /v1/models`; the version is the ARN of one, or of an alias."""
        event = {"httpMethod": "GET", "path": PATH, "headers": {}, "requestContext": {"requestId": "pre-traffic"}}
        with aws_errors("lambda:InvokeFunction"):
            answer = _client("lambda").invoke(FunctionName=version, Payload=json.dumps(event).encode())
            said = json.loads(answer["Payload"].read())
        if answer.get("FunctionError") or said.get("statusCode") != 200:
            raise ServiceUnavailable(f"{PATH} of {version}", str(said.get("body") or said)[:500])
        found: list[Mapping[str, Any]] = json.loads(said["body"])["models"]
        return found

    def tell(self, request: ReleaseRequest, *, sound: bool) -> None:
        """Answer the hook; nobody waits when there is no deployment."""
        if not request.deployment:
            return
        with aws_errors("codedeploy:PutLifecycleEventHookExecutionStatus"):
            _client("codedeploy").put_lifecycle_event_hook_execution_status(
                deploymentId=request.deployment,
                lifecycleEventHookExecutionId=request.hook,
                status="Succeeded" if sound else "Failed",
            )


def _client(service: Any) -> Any:
    return boto3.client(service, config=Config(read_timeout=PATIENCE))
