"""The AWS services that the product calls besides S3 and DynamoDB. boto3 is the one that the runtime brings.

Raises `ServiceUnavailable`, and nothing of botocore.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3

from refrain.aws.table import aws_errors
from refrain.errors import ServiceUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_SUBJECT_LENGTH = 100

_client: Any = boto3.client


class AwsCloud:
    """Step Functions, SNS, Lambda and CodeDeploy; the ARNs are for those who start runs and notify people."""

    def __init__(self, state_machine: str | None = None, topic: str | None = None) -> None:
        self._state_machine = state_machine
        self._topic = topic

    def is_running(self, model: str) -> bool:
        """Tell whether a retraining run of the model is under way, even one that was started by hand."""
        return bool(self.running_executions(model, anyones=False))

    def running_executions(self, model: str, *, anyones: bool = True) -> list[str]:
        """List the running executions of a model, and with `anyones` those that name no model."""
        client = _client("stepfunctions")
        with aws_errors("states:ListExecutions"):
            pages = client.get_paginator("list_executions").paginate(
                stateMachineArn=self._state_machine, statusFilter="RUNNING"
            )
            arns = [execution["executionArn"] for page in pages for execution in page["executions"]]
            models = {arn: _model_of(client.describe_execution(executionArn=arn)["input"]) for arn in arns}
        return [arn for arn, name in models.items() if name == model or (anyones and name is None)]

    def is_over(self, execution: str) -> bool:
        """Tell whether an execution has ended, in whatever way."""
        with aws_errors("states:DescribeExecution"):
            return bool(_client("stepfunctions").describe_execution(executionArn=execution)["status"] != "RUNNING")

    def start_run(self, model: str, name: str, reason: str) -> None:
        """Start a run, once under this name: Step Functions remembers names for 90 days."""
        client = _client("stepfunctions")
        text = json.dumps({"model": model, "reason": reason})
        with aws_errors("states:StartExecution"):
            try:
                client.start_execution(stateMachineArn=self._state_machine, name=name, input=text)
            except client.exceptions.ExecutionAlreadyExists:
                return

    def notify(self, subject: str, text: str) -> None:
        """Send a message to the people who subscribed to the topic."""
        with aws_errors("sns:Publish"):
            _client("sns").publish(TopicArn=self._topic, Subject=subject[:MAX_SUBJECT_LENGTH], Message=text)

    def invoke(self, function: str, event: Mapping[str, Any]) -> Any:
        """Call a function, by the ARN of a version or an alias; a failure inside it is `ServiceUnavailable` too."""
        with aws_errors("lambda:InvokeFunction"):
            response = _client("lambda").invoke(FunctionName=function, Payload=json.dumps(event).encode())
            answer = json.loads(response["Payload"].read())
        if response.get("FunctionError"):
            raise ServiceUnavailable(function, str(answer)[:500])
        return answer

    def answer_hook(self, deployment: str, hook: str, *, succeeded: bool) -> None:
        """Tell CodeDeploy whether a deployment may go on."""
        with aws_errors("codedeploy:PutLifecycleEventHookExecutionStatus"):
            _client("codedeploy").put_lifecycle_event_hook_execution_status(
                deploymentId=deployment,
                lifecycleEventHookExecutionId=hook,
                status="Succeeded" if succeeded else "Failed",
            )


def _model_of(text: str) -> object:
    try:
        event = json.loads(text)
    except ValueError:
        return None
    return event.get("model") if isinstance(event, dict) else None
