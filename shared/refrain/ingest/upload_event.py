"""Reads the objects that were put into the inbox from the SQS messages in which S3 announces them.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from refrain.errors import InvalidRequest
from refrain.lake.receipt import UploadSource


@dataclass(frozen=True)
class UploadedObject:
    """One object put into the inbox, as S3 announced it; `time` is ISO 8601, `version` empty without versioning."""

    bucket: str
    key: str
    etag: str
    size: int
    time: str
    version: str = ""

    @property
    def model(self) -> str:
        """The first folder of the key, which names the model; empty if the key has no folder."""
        folder, slash, _ = self.key.partition("/")
        return folder if slash else ""

    @property
    def source(self) -> UploadSource:
        """The upload as a receipt names it."""
        return UploadSource(self.bucket, self.key, self.etag, self.size, self.time)

    @property
    def is_folder(self) -> bool:
        """Tell whether this is the empty object that the console of S3 creates for a folder."""
        return self.key.endswith("/") and self.size == 0


def read_uploads(body: str) -> list[UploadedObject]:
    """List the objects that a message announces as created; the test event of S3 announces none.

    Raises `InvalidRequest` for a message that is not an event of S3.
    """
    try:
        event = json.loads(body)
    except ValueError:
        raise InvalidRequest("the message is not JSON; expected an event of S3") from None
    if not isinstance(event, dict):
        raise InvalidRequest("the message is not a JSON object; expected an event of S3")
    if event.get("Event") == "s3:TestEvent":
        return []
    records = event.get("Records")
    if not isinstance(records, list):
        raise InvalidRequest("the message has no list `Records`; expected an event of S3")
    return [_upload(record) for record in records if _created(record)]


def _created(record: Any) -> bool:
    name = record.get("eventName") if isinstance(record, dict) else None
    if not isinstance(name, str):
        raise InvalidRequest("a record of the message has no `eventName`; expected an event of S3")
    return name.removeprefix("s3:").startswith("ObjectCreated:")


def _upload(record: Any) -> UploadedObject:
    try:
        bucket, item = record["s3"]["bucket"]["name"], record["s3"]["object"]
        return UploadedObject(
            bucket=str(bucket),
            key=unquote_plus(item["key"]),
            etag=str(item.get("eTag", "")).strip('"'),
            size=int(item.get("size", 0)),
            time=str(record.get("eventTime", "")),
            version=str(item.get("versionId") or ""),
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        raise InvalidRequest("a record of the message names no bucket and key; expected an event of S3") from None
