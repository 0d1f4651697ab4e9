"""A request to AWS needs the actions that IAM names."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from local.requested_actions import requested_actions


def environ(
    method: str, path: str, query: str = "", function: str = "refrain-reader", **headers: str
) -> dict[str, Any]:
    credential = f"AWS4-HMAC-SHA256 Credential={function}/20261124/eu-west-1/s3/aws4_request, Signature=0"
    return {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "HTTP_AUTHORIZATION": credential,
        "wsgi.input": io.BytesIO(),
        **headers,
    }


@pytest.mark.parametrize(
    ("request_", "wanted"),
    [
        (environ("GET", "/lake/a/b.json"), ["s3:GetObject arn:aws:s3:::lake/a/b.json"]),
        (environ("HEAD", "/lake/a"), ["s3:GetObject arn:aws:s3:::lake/a"]),
        (environ("GET", "/lake/a", "versionId=1"), ["s3:GetObjectVersion arn:aws:s3:::lake/a"]),
        (environ("GET", "/lake", "list-type=2&prefix=a"), ["s3:ListBucket arn:aws:s3:::lake"]),
        (environ("PUT", "/lake/a"), ["s3:PutObject arn:aws:s3:::lake/a"]),
        (
            environ("PUT", "/lake/a", HTTP_IF_MATCH="e"),
            ["s3:PutObject arn:aws:s3:::lake/a", "s3:GetObject arn:aws:s3:::lake/a"],
        ),
        (environ("POST", "/lake/a", "uploads"), ["s3:PutObject arn:aws:s3:::lake/a"]),
        (environ("DELETE", "/lake/a", "uploadId=1"), ["s3:AbortMultipartUpload arn:aws:s3:::lake/a"]),
        (environ("DELETE", "/lake/a"), ["s3:DeleteObject arn:aws:s3:::lake/a"]),
        (environ("PUT", "/lake", "policy"), ["s3:PUT-of-a-bucket arn:aws:s3:::lake"]),
    ],
)
def test_a_request_to_s3_needs_the_actions_that_iam_names(request_: dict[str, Any], wanted: list[str]) -> None:
    assert [" ".join(action) for action in requested_actions(request_, "s3")] == wanted


def test_the_body_of_a_json_request_stays_readable() -> None:
    body = json.dumps({"stateMachineArn": "arn:machine"}).encode()
    request = environ("POST", "/", HTTP_X_AMZ_TARGET="AWSStepFunctions.StartExecution", CONTENT_LENGTH=str(len(body)))
    request["wsgi.input"] = io.BytesIO(body)

    assert requested_actions(request, "states") == [("states:StartExecution", "arn:machine")]
    assert request["wsgi.input"].read() == body


def test_an_event_to_send_names_its_bus_and_its_source() -> None:
    body = json.dumps({"Entries": [{"Source": "refrain.refrain"}, {"Source": "aws.s3"}]}).encode()
    request = environ("POST", "/", HTTP_X_AMZ_TARGET="AWSEvents.PutEvents", CONTENT_LENGTH=str(len(body)))
    request["wsgi.input"] = io.BytesIO(body)

    bus = "arn:aws:events:eu-west-1:123456789012:event-bus/default"
    actions = [("events:PutEvents", bus, "refrain.refrain"), ("events:PutEvents", bus, "aws.s3")]
    assert requested_actions(request, "events") == actions


def test_a_request_to_a_queue_names_the_queue() -> None:
    body = json.dumps({"QueueUrl": "http://127.0.0.1:1/123456789012/refrain-ingest-queue"}).encode()
    request = environ("POST", "/", HTTP_X_AMZ_TARGET="AmazonSQS.ChangeMessageVisibility", CONTENT_LENGTH=str(len(body)))
    request["wsgi.input"] = io.BytesIO(body)

    ((action, resource),) = requested_actions(request, "sqs")

    assert action == "sqs:ChangeMessageVisibility"
    assert resource.startswith("arn:aws:sqs:")
    assert resource.endswith(":refrain-ingest-queue")
