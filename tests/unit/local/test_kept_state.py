"""What a local cloud holds is there again after a stop, and an upload that nobody had answered is announced again."""

from __future__ import annotations

import json
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import boto3
import pytest
from moto import mock_aws

from local.kept_state import ARCHIVE, keep_state, read_addresses, restore_state

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

INBOX, LAKE = "inbox", "lake"
KEYS = ["a", "a/b", "ä ö/%2F+&=x", "receipts/shop/1.json", f"deep/{'x' * 300}"]


@dataclass
class Server:
    """Moto in this process."""

    def client(self, service: str) -> Any:
        make: Any = boto3.client
        return make(service, region_name="us-east-1")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "local")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    yield Server()


def create(server: Any) -> str:
    """Create an inbox that announces uploads, a lake and a table; return the address of the queue."""
    sqs, s3 = server.client("sqs"), server.client("s3")
    queue: str = sqs.create_queue(QueueName="uploads")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    for bucket in (INBOX, LAKE):
        s3.create_bucket(Bucket=bucket)
    configuration = {"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]}
    s3.put_bucket_notification_configuration(Bucket=INBOX, NotificationConfiguration=configuration)
    server.client("dynamodb").create_table(
        TableName="histories",
        KeySchema=[{"AttributeName": "user", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "user", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return queue


def announced(server: Any, queue: str) -> list[str]:
    """The keys of the announced uploads; S3 sends a test event first."""
    messages = server.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    records = (record for message in messages for record in json.loads(message["Body"]).get("Records", []))
    return [unquote(record["s3"]["object"]["key"]) for record in records]


def test_objects_items_key_and_ports_come_back_and_unanswered_uploads_are_announced(
    server: Any, tmp_path: Path
) -> None:
    item = {"user": {"S": "u1"}, "seen": {"B": b"\x00\xff"}, "count": {"N": "3"}}
    with mock_aws():
        create(server)
        for number, key in enumerate(KEYS):
            receipt = json.dumps({"source": {"key": "shop/read.csv"}})
            content = receipt if key.startswith("receipts") else f"content {number}"
            server.client("s3").put_object(Bucket=LAKE, Key=key, Body=content.encode())
        for key in ("shop/read.csv", "shop/waits.csv"):
            server.client("s3").put_object(Bucket=INBOX, Key=key, Body=key.encode())
        server.client("dynamodb").put_item(TableName="histories", Item=item)
        keep_state(server, tmp_path, {"api_key": "secret", "ports": [1, 2]})

    with mock_aws():
        queue = create(server)
        restore_state(server, tmp_path, INBOX)

        listing = server.client("s3").list_objects_v2(Bucket=LAKE)["Contents"]
        assert sorted(entry["Key"] for entry in listing) == sorted(KEYS)
        assert server.client("s3").get_object(Bucket=LAKE, Key="a/b")["Body"].read() == b"content 1"
        assert server.client("dynamodb").scan(TableName="histories")["Items"] == [item]
        assert announced(server, queue) == ["shop/waits.csv"]
        server.client("s3").put_object(Bucket=INBOX, Key="shop/new.csv", Body=b"x")
        assert announced(server, queue) == ["shop/new.csv"]
    assert read_addresses(tmp_path) == {"api_key": "secret", "ports": [1, 2]}


def test_nothing_is_restored_where_nothing_was_kept(server: Any, tmp_path: Path) -> None:
    with mock_aws():
        queue = create(server)

        restore_state(server, tmp_path, INBOX)

        assert announced(server, queue) == []
    assert read_addresses(tmp_path) == {}


def test_a_stop_that_fails_leaves_the_archive_before(
    server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mock_aws():
        create(server)
        keep_state(server, tmp_path, {"api_key": "secret"})
        monkeypatch.setattr(tarfile.TarFile, "addfile", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
        with pytest.raises(OSError, match="disk full"):
            keep_state(server, tmp_path, {"api_key": "another"})

    assert (tmp_path / ARCHIVE).exists()
    assert read_addresses(tmp_path) == {"api_key": "secret"}
