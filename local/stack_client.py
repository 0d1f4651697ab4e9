"""What the demo does, through the same doors as anybody: S3 uploads, Step Functions executions, HTTPS calls."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any, Protocol

from local.demo.errors import DemoFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_WAIT_SECONDS = 300.0
PAUSE_SECONDS = 0.1


class Stack(Protocol):
    """A local cloud, or a stack on AWS: its outputs, its clients, and how long captured lines take at most."""

    stack: dict[str, str]
    delivery_seconds: float

    def client(self, service: str) -> Any:
        """A client of one of its services."""


class StackClient:
    """A running local cloud, or a stack on AWS, seen through its clients."""

    def __init__(self, cloud: Stack) -> None:
        self.stack = cloud.stack
        self.delivery_seconds = cloud.delivery_seconds
        self._s3 = cloud.client("s3")
        self._stepfunctions = cloud.client("stepfunctions")

    def upload(self, key: str, content: bytes) -> None:
        """Put a file into the inbox."""
        self._s3.put_object(Bucket=self.stack["inbox_bucket"], Key=key, Body=content)

    def receipt(self, key: str) -> dict[str, Any]:
        """Wait for the receipt of an upload."""
        prefix = f"receipts/{key.split('/')[0]}/"
        end = time.monotonic() + MAX_WAIT_SECONDS
        seen: set[str] = set()
        while time.monotonic() < end:
            found = self._s3.list_objects_v2(Bucket=self.stack["lake_bucket"], Prefix=prefix).get("Contents", [])
            for each in [item["Key"] for item in found if item["Key"] not in seen]:
                receipt: dict[str, Any] = json.loads(self.lake(each))
                if receipt["source"]["key"] == key:
                    return receipt
                seen.add(each)
            time.sleep(PAUSE_SECONDS)
        raise DemoFailed(f"no receipt for {key} within {MAX_WAIT_SECONDS:g} seconds; see .local/logs")

    def lake(self, key: str) -> bytes:
        """Read an object of the lake."""
        content: bytes = self._s3.get_object(Bucket=self.stack["lake_bucket"], Key=key)["Body"].read()
        return content

    def retrain(self, model: str) -> str:
        """Start a retraining run."""
        return self.start({"model": model, "reason": "demo"})

    def start(self, request: object) -> str:
        """Start an execution of the state machine with an input."""
        arn: str = self._stepfunctions.start_execution(
            stateMachineArn=self.stack["state_machine_arn"], input=json.dumps(request)
        )["executionArn"]
        return arn

    def describe(self, execution: str) -> dict[str, Any]:
        """Say how a run stands."""
        found: dict[str, Any] = self._stepfunctions.describe_execution(executionArn=execution)
        return found

    def states(self, execution: str) -> Iterator[list[dict[str, Any]]]:
        """Yield the history of a run as it grows, until the run has ended."""
        end = time.monotonic() + MAX_WAIT_SECONDS
        while time.monotonic() < end:
            status = self.describe(execution)["status"]
            history = self._stepfunctions.get_execution_history(executionArn=execution, maxResults=1000)
            yield history["events"]
            if status != "RUNNING":
                return
            time.sleep(PAUSE_SECONDS)
        raise DemoFailed(f"the run did not end within {MAX_WAIT_SECONDS:g} seconds; see .local/logs")

    def outcome(self, execution: str) -> dict[str, Any]:
        """Return the output of a run that succeeded."""
        found = self.describe(execution)
        if found["status"] != "SUCCEEDED":
            raise DemoFailed(f"the run ended as {found['status']}: {found.get('cause') or found.get('error')}")
        output: dict[str, Any] = json.loads(found["output"])
        return output

    def execution(self, name: str) -> str:
        """Return the address of an execution."""
        return f"{self.stack['state_machine_arn'].replace(':stateMachine:', ':execution:')}:{name}"

    def runs(self) -> list[str]:
        """Name the executions that are under way."""
        found = self._stepfunctions.list_executions(
            stateMachineArn=self.stack["state_machine_arn"], statusFilter="RUNNING"
        )
        return [each["name"] for each in found["executions"]]

    def keys(self, prefix: str) -> list[str]:
        """List the keys of the lake that begin with a prefix, in their order."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.stack["lake_bucket"], Prefix=prefix)
        return [each["Key"] for page in pages for each in page.get("Contents", [])]

    def predict(self, model: str, instances: list[dict[str, Any]]) -> tuple[int, dict[str, Any], float]:
        """Ask for predictions over HTTP: the status, the answer and the milliseconds."""
        started = time.perf_counter()
        status, answer = self.ask(f"/v1/models/{model}:predict", {"instances": instances})
        return status, answer, (time.perf_counter() - started) * 1000

    def ask(self, path: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        """Call the API, with a body or without: the status and the answer."""
        request = urllib.request.Request(
            f"{self.stack['api_url']}{path}",
            None if body is None else json.dumps(body).encode(),
            {"x-api-key": self.stack["api_key"], "content-type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                status, content = answer.status, answer.read()
        except urllib.error.HTTPError as refused:
            status, content = refused.code, refused.read()
        return status, json.loads(content)
