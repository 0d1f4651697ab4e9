"""Keeps what a local cloud holds while it is stopped: objects of its buckets, items of its tables, key and ports.

Runs under way are not kept, nor former versions of objects. An upload that had no receipt yet is announced again.
"""

import base64
import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from local.aws_server import AwsServer

ARCHIVE = "state.tar"
_ADDRESSES = "addresses.json"


def read_addresses(folder: Path) -> dict[str, Any]:
    """Read the API key and the ports that a kept cloud had; empty where none is kept."""
    return next((json.loads(content) for name, content in _members(folder) if name == _ADDRESSES), {})


def keep_state(server: AwsServer, folder: Path, addresses: dict[str, Any]) -> None:
    """Write the archive in one step, so that a crash leaves the one before."""
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{ARCHIVE}.partial"
    with tarfile.open(partial, "w") as archive:
        _add(archive, _ADDRESSES, json.dumps(addresses).encode())
        s3, tables = server.client("s3"), server.client("dynamodb")
        for bucket in s3.list_buckets()["Buckets"]:
            for key in _keys(s3, bucket["Name"]):
                body = s3.get_object(Bucket=bucket["Name"], Key=key)["Body"].read()
                _add(archive, f"buckets/{bucket['Name']}/{key}", body)
        for table in tables.list_tables()["TableNames"]:
            items = [item for page in tables.get_paginator("scan").paginate(TableName=table) for item in page["Items"]]
            _add(archive, f"tables/{table}", json.dumps(items, default=_from_bytes).encode())
    partial.replace(folder / ARCHIVE)


def restore_state(server: AwsServer, folder: Path, inbox: str) -> None:
    """Bring back what was kept. Nothing is announced but the uploads that had no receipt."""
    s3, tables = server.client("s3"), server.client("dynamodb")
    notifications = s3.get_bucket_notification_configuration(Bucket=inbox)
    notifications.pop("ResponseMetadata")
    s3.put_bucket_notification_configuration(Bucket=inbox, NotificationConfiguration={})
    answered: set[str] = set()
    uploads: list[tuple[str, bytes]] = []
    for name, content in _members(folder):
        kind, _, path = name.partition("/")
        home, _, key = path.partition("/")
        if kind == "tables":
            for item in json.loads(content, object_hook=_to_bytes):
                tables.put_item(TableName=home, Item=item)
        elif home == inbox:
            uploads.append((key, content))
        elif kind == "buckets":
            s3.put_object(Bucket=home, Key=key, Body=content)
            if key.startswith("receipts/"):
                answered.add(json.loads(content)["source"]["key"])
    for key, content in uploads:
        if key in answered:
            s3.put_object(Bucket=inbox, Key=key, Body=content)
    s3.put_bucket_notification_configuration(Bucket=inbox, NotificationConfiguration=notifications)
    for key, content in uploads:
        if key not in answered:
            s3.put_object(Bucket=inbox, Key=key, Body=content)


def _keys(s3: Any, bucket: str) -> Iterator[str]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        yield from (item["Key"] for item in page.get("Contents", []))


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def _members(folder: Path) -> Iterator[tuple[str, bytes]]:
    path = folder / ARCHIVE
    if not path.exists():
        return
    with tarfile.open(path) as archive:
        for member in archive:
            file = archive.extractfile(member)
            yield member.name, file.read() if file else b""


def _from_bytes(value: Any) -> Any:
    return {"_bytes": base64.b64encode(bytes(value)).decode()}


def _to_bytes(value: dict[str, Any]) -> Any:
    return base64.b64decode(value["_bytes"]) if set(value) == {"_bytes"} else value
