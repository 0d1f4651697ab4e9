"""Captured lines come back from whatever wraps them, once, and what is not understood stays."""

from __future__ import annotations

import base64
import gzip
import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from local.undelivered import bring_back, captured_lines, main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy_boto3_s3 import S3Client

LINES = [
    {"capture": 1, "model": model, "time": f"2026-11-30T{hour}:59:59.999Z", "rows": [{"id": model + hour, "x": 0.1}]}
    for model, hour in (("shop", "08"), ("shop", "09"), ("songs", "09"))
]


def plain(lines: list[Any]) -> bytes:
    return "\n".join(json.dumps(line) for line in lines).encode()


def joined(lines: list[Any]) -> bytes:
    return "".join(json.dumps(line) for line in lines).encode()


def from_logs(lines: list[Any]) -> bytes:
    events = [{"id": "1", "timestamp": 1, "message": json.dumps(line)} for line in lines]
    return gzip.compress(json.dumps({"messageType": "DATA_MESSAGE", "logEvents": events}).encode())


def failed(record: Callable[[list[Any]], bytes]) -> Callable[[list[Any]], bytes]:
    """What Firehose writes of a record that it could not process."""

    def wrapped(lines: list[Any]) -> bytes:
        data = base64.b64encode(record(lines)).decode()
        return json.dumps({"attemptsMade": 4, "errorCode": "Splunk", "rawData": data}).encode() + b"\n"

    return wrapped


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Client]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="lake")
        yield client


def objects(s3: S3Client) -> dict[str, bytes]:
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket="lake").get("Contents", [])]
    return {key: s3.get_object(Bucket="lake", Key=key)["Body"].read() for key in keys}


@pytest.mark.parametrize(
    "wrap",
    [plain, joined, from_logs, failed(plain), failed(joined), failed(from_logs), failed(failed(from_logs))],
    ids=["plain", "joined", "from logs", "failed", "failed, joined", "failed, from logs", "failed twice"],
)
def test_lines_come_back_from_any_wrapping(wrap: Callable[[list[Any]], bytes]) -> None:
    assert list(captured_lines(wrap(LINES))) == LINES
    assert list(captured_lines(gzip.compress(wrap(LINES)))) == LINES


def test_lines_come_back_to_their_model_and_hour_and_again_to_the_same_place(s3: S3Client) -> None:
    for _ in range(2):
        s3.put_object(Bucket="lake", Key="undelivered/failed/2026/11/30/10/x", Body=failed(from_logs)(LINES))
        assert bring_back(s3, "lake") == (3, [])

    stored = objects(s3)
    assert [key.rpartition("/")[0] for key in stored] == [
        "captured/shop/2026/11/30/08",
        "captured/shop/2026/11/30/09",
        "captured/songs/2026/11/30/09",
    ]
    assert [json.loads(gzip.decompress(content)) for content in stored.values()] == LINES


@pytest.mark.parametrize(
    "content", [b"\x1f\x8bno", b"\xff", b"{", b'{"other": 1}', b"[]", b'{"capture": 1}', b'{"rawData": "?"}']
)
def test_what_is_not_understood_stays(s3: S3Client, content: bytes) -> None:
    s3.put_object(Bucket="lake", Key="undelivered/x", Body=content)

    assert bring_back(s3, "lake") == (0, ["undelivered/x"])
    assert objects(s3) == {"undelivered/x": content}


def test_the_alarm_ends_when_nothing_is_left(s3: S3Client, capsys: pytest.CaptureFixture[str]) -> None:
    resources = {"LakeBucket": {"Type": "AWS::S3::Bucket"}, "UndeliveredRecords": {"Type": "AWS::SQS::Queue"}}
    cloudformation, sqs = boto3.client("cloudformation"), boto3.client("sqs")
    cloudformation.create_stack(StackName="shop", TemplateBody=json.dumps({"Resources": resources}))
    bucket, queue = (
        cloudformation.describe_stack_resource(StackName="shop", LogicalResourceId=name)["StackResourceDetail"][
            "PhysicalResourceId"
        ]
        for name in resources
    )
    sqs.send_message(QueueUrl=queue, MessageBody="{}")
    s3.put_object(Bucket=bucket, Key="undelivered/x", Body=b"?")

    assert main(["shop"]) == 1
    assert len(sqs.receive_message(QueueUrl=queue, VisibilityTimeout=0)["Messages"]) == 1
    s3.put_object(Bucket=bucket, Key="undelivered/x", Body=plain(LINES))
    assert main(["shop"]) == 0
    assert "Messages" not in sqs.receive_message(QueueUrl=queue)
    assert "3 lines were brought back" in capsys.readouterr().out
