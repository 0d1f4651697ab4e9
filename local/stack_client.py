"""Uses a stack as anybody would: S3 uploads, Step Functions executions and HTTPS calls."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from functools import cached_property
from getpass import getuser
from typing import TYPE_CHECKING, Any, Protocol

from local.errors import StackFailed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_WAIT_SECONDS = 300.0
PAUSE_SECONDS = 0.1


class Stack(Protocol):
    """A local cloud or a stack on AWS: its outputs, its clients, and the longest time that captured lines take."""

    stack: dict[str, str]
    delivery_seconds: float

    def client(self, service: str) -> Any:
        """Make a client of one of its services."""

    def credentials(self) -> dict[str, str]:
        """Return the variables by which the product's own code reaches its services."""


class StackClient:
    """A client of a running stack. Its methods raise `StackFailed` when the stack does not do its part."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack.stack
        self.delivery_seconds = stack.delivery_seconds
        self.client = stack.client
        self.origin = stack

    @cached_property
    def _s3(self) -> Any:
        return self.client("s3")

    @cached_property
    def _stepfunctions(self) -> Any:
        return self.client("stepfunctions")

    def apply(self, definition: Path) -> None:
        """Let a definition count."""
        from local.definition_file import apply_file
        from local.lake_store import open_lake

        apply_file(open_lake(self.origin), definition, getuser())

    def upload(self, key: str, content: bytes) -> None:
        """Put a file into the inbox."""
        self._s3.put_object(Bucket=self.stack["inbox_bucket"], Key=key, Body=content)

    def upload_file(self, key: str, path: Path) -> str:
        """Put a file of any size into the inbox; return its ETag."""
        self._s3.upload_file(str(path), self.stack["inbox_bucket"], key)
        head = self._s3.head_object(Bucket=self.stack["inbox_bucket"], Key=key)
        return str(head["ETag"]).strip('"')

    def receipt(self, key: str, etag: str = "", fingerprint: str | None = None) -> dict[str, Any]:
        """Wait for the receipt of an upload; with an ETag and a fingerprint, for that of this content and definition.

        A file that is uploaded again under the same definition keeps its receipt.
        """
        prefix = f"receipts/{key.split('/')[0]}/"
        end = time.monotonic() + MAX_WAIT_SECONDS
        seen: set[str] = set()
        while time.monotonic() < end:
            for name in [name for name in self.keys(prefix) if name not in seen]:
                receipt: dict[str, Any] = json.loads(self.lake(name))
                if receipt["source"]["key"] == key and _is_of(receipt, etag, fingerprint):
                    return receipt
                seen.add(name)
            time.sleep(PAUSE_SECONDS)
        raise StackFailed(f"There is no receipt for {key} after {MAX_WAIT_SECONDS:g} seconds; the logs say why.")

    def lake(self, key: str) -> bytes:
        """Read an object of the lake."""
        content: bytes = self._s3.get_object(Bucket=self.stack["lake_bucket"], Key=key)["Body"].read()
        return content

    def retrain(self, model: str) -> str:
        """Start a retraining run."""
        return self.start({"model": model, "reason": "demo"})

    def start(self, request: object, machine: str = "state_machine_arn") -> str:
        """Start an execution of a state machine with an input; that of retraining by default."""
        arn: str = self._stepfunctions.start_execution(stateMachineArn=self.stack[machine], input=json.dumps(request))[
            "executionArn"
        ]
        return arn

    def describe(self, execution: str) -> dict[str, Any]:
        """Describe a run."""
        description: dict[str, Any] = self._stepfunctions.describe_execution(executionArn=execution)
        return description

    def states(
        self, execution: str, patience: float = MAX_WAIT_SECONDS, pause: float = PAUSE_SECONDS
    ) -> Iterator[list[dict[str, Any]]]:
        """Yield the history of a run as it grows, until the run ends."""
        end = time.monotonic() + patience
        pages = self._stepfunctions.get_paginator("get_execution_history")
        while time.monotonic() < end:
            status = self.describe(execution)["status"]
            yield [event for page in pages.paginate(executionArn=execution) for event in page["events"]]
            if status != "RUNNING":
                return
            time.sleep(pause)
        raise StackFailed(f"The run did not end within {patience:g} seconds; the logs say why.")

    def outcome(self, execution: str) -> dict[str, Any]:
        """Return the output of a run that succeeded."""
        run = self.describe(execution)
        if run["status"] != "SUCCEEDED":
            raise StackFailed(f"The run ended as {run['status']}: {run.get('cause') or run.get('error')}")
        output: dict[str, Any] = json.loads(run["output"])
        return output

    def execution(self, name: str) -> str:
        """Return the ARN of an execution."""
        return f"{self.stack['state_machine_arn'].replace(':stateMachine:', ':execution:')}:{name}"

    def runs(self) -> list[str]:
        """List the names of the running executions."""
        listing = self._stepfunctions.list_executions(
            stateMachineArn=self.stack["state_machine_arn"], statusFilter="RUNNING"
        )
        return [execution["name"] for execution in listing["executions"]]

    def keys(self, prefix: str) -> list[str]:
        """List the keys of the lake that begin with a prefix, in order."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.stack["lake_bucket"], Prefix=prefix)
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def predict(self, model: str, instances: list[dict[str, Any]]) -> tuple[int, dict[str, Any], float]:
        """Ask for predictions over HTTP; return the status, the answer and the milliseconds."""
        started = time.perf_counter()
        status, answer = self.ask(f"/v1/models/{model}:predict", {"instances": instances})
        return status, answer, (time.perf_counter() - started) * 1000

    def ask(self, path: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        """Call the API with or without a body; return the status and the answer."""
        address, content = f"{self.stack['api_url']}{path}", None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(address, content, self._headers(address, content))
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                status, content = answer.status, answer.read()
        except urllib.error.HTTPError as refused:
            status, content = refused.code, refused.read()
        return status, json.loads(content)

    def _headers(self, address: str, content: bytes | None) -> dict[str, str]:
        """Return the headers of a request, with the key, or where the stack has none, signed by AWS credentials."""
        headers = {"content-type": "application/json"}
        if key := self.stack.get("api_key"):
            return headers | {"x-api-key": key}
        import boto3
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest

        session: Any = boto3.Session()
        signed = AWSRequest("GET" if content is None else "POST", address, headers, content)
        SigV4Auth(session.get_credentials(), "execute-api", session.region_name).add_auth(signed)
        return dict(signed.headers)


def _is_of(receipt: dict[str, Any], etag: str, fingerprint: str | None) -> bool:
    """Tell whether a receipt is of this content under this definition; some refusals need no definition."""
    if etag and receipt["source"]["etag"] != etag:
        return False
    needs_none = not receipt["definition"] and receipt["code"] != "unknown_model"
    return fingerprint is None or receipt["definition"] == fingerprint or needs_none
