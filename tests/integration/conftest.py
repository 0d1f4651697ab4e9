"""The cloud's data plane for tests: moto's server, two fresh buckets for each test, the environment of a function."""

from __future__ import annotations

import json
import os
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from refrain.aws import storage, table
from refrain.evaluation import entrants
from refrain.lake.footprint import Footprint
from tests.stored import define

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3 import S3Client

    from refrain.lake.version import VersionFiles

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@dataclass(frozen=True)
class Aws:
    """What a test has of the cloud: an endpoint, an S3 client, the names of the two buckets."""

    endpoint: str
    s3: S3Client
    inbox: str
    lake: str

    def put(self, key: str, content: bytes) -> None:
        """Upload to the inbox."""
        self.s3.put_object(Bucket=self.inbox, Key=key, Body=content)

    def define(self, model: str, text: str | None = None) -> None:
        """Let a definition count: this text, or the example of this name."""
        define(storage.open_store(self.lake), model, text)

    def objects(self, prefix: str = "", bucket: str = "") -> list[str]:
        """List the keys of the lake (unless told otherwise)."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket or self.lake, Prefix=prefix)
        return sorted(item["Key"] for page in pages for item in page.get("Contents", []))

    def read(self, key: str) -> bytes:
        """Read an object of the lake."""
        return self.s3.get_object(Bucket=self.lake, Key=key)["Body"].read()

    def receipts(self, model: str) -> list[dict[str, Any]]:
        """Read the receipts of a model."""
        return [json.loads(self.read(key)) for key in self.objects(f"receipts/{model}/")]


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """Moto's server, one for all tests."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """Two fresh buckets, and the environment that the template gives to a function."""
    lake, inbox = (f"{name}-{uuid.uuid4().hex[:12]}" for name in ("lake", "inbox"))
    environment = {
        "REFRAIN_LAKE_BUCKET": lake,
        "REFRAIN_HISTORY_TABLE": f"history-{lake}",
        "REFRAIN_INGEST_QUEUE_URL": f"{endpoint}/123456789012/ingest-{lake}",
        "REFRAIN_INFERENCE_MEMORY": "1769",
        "REFRAIN_REFRESH_SECONDS": "5",
        "REFRAIN_ALLOWED_ORIGINS": "",
        "REFRAIN_DELIVERY_SECONDS": "900",
        "REFRAIN_TRAINING_MEMORY": "3008",
        "REFRAIN_NOTIFICATION_TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:nobody",
    }
    for name, value in (CREDENTIALS | environment | {"AWS_ENDPOINT_URL": endpoint}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(entrants, "measure_loading", guess_footprint)
    _forget()
    s3 = boto3.client("s3", endpoint_url=endpoint, region_name=os.environ["AWS_REGION"])
    for bucket in (lake, inbox):
        s3.create_bucket(Bucket=bucket)
    yield Aws(endpoint, s3, inbox, lake)
    _forget()


def guess_footprint(files: VersionFiles) -> Footprint:
    """Say what a version takes without a process for each, which would take longer than most runs of these tests."""
    held = 13 * len(files.model)
    return Footprint(held, held, 0.01)


def _forget() -> None:
    """Connections are kept for the life of a process; here each test is one."""
    storage.open_store.cache_clear()
    table._client.cache_clear()
