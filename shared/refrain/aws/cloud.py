"""What monitoring asks of AWS besides S3: is a run under way, start one, tell people. boto3 is what the runtime brings.

Raises `ServiceUnavailable`, and nothing of botocore.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Protocol

import boto3

from refrain.aws.boto_errors import aws_errors

LONGEST_SUBJECT = 100


class Services(Protocol):
    """What a look needs of the cloud around it."""

    def is_running(self, model: str) -> bool:
        """Tell whether a retraining run of the model is under way."""

    def start(self, model: str, name: str, reason: str) -> None:
        """Start a run under this name; one that was started under it before is the same run."""

    def tell(self, subject: str, text: str) -> None:
        """Tell people."""


@dataclass(frozen=True)
class AwsCloud:
    """Step Functions and SNS."""

    state_machine: str
    people: str

    def is_running(self, model: str) -> bool:
        """Ask Step Functions, which knows the runs that were started by hand too."""
        client = _client("stepfunctions")
        with aws_errors("states:ListExecutions"):
            pages = client.get_paginator("list_executions").paginate(
                stateMachineArn=self.state_machine, statusFilter="RUNNING"
            )
            arns = [each["executionArn"] for page in pages for each in page["executions"]]
            inputs = (client.describe_execution(executionArn=arn)["input"] for arn in arns)
            return any(_model_of(text) == model for text in inputs)

    def start(self, model: str, name: str, reason: str) -> None:
        """Start it, once: Step Functions knows names for 90 days."""
        client = _client("stepfunctions")
        with aws_errors("states:StartExecution"):
            try:
                client.start_execution(
                    stateMachineArn=self.state_machine,
                    name=name,
                    input=json.dumps({"model": model, "reason": reason}),
                )
            except client.exceptions.ExecutionAlreadyExists:
                return

    def tell(self, subject: str, text: str) -> None:
        """Publish to the topic that people have subscribed to."""
        with aws_errors("sns:Publish"):
            _client("sns").publish(TopicArn=self.people, Subject=subject[:LONGEST_SUBJECT], Message=text)


def _model_of(text: str) -> object:
    try:
        given = json.loads(text)
    except ValueError:
        return None
    return given.get("model") if isinstance(given, dict) else None


def _client(service: Any) -> Any:
    return boto3.client(service)
