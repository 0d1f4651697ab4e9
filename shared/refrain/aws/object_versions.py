"""Deletes objects of a versioned bucket for good: what S3 keeps of former versions, and whole objects with all of them.

Only people call it, by their own credentials: no function has the right to.
"""

from __future__ import annotations

from itertools import batched
from typing import TYPE_CHECKING, Any

import boto3

from refrain.aws.table import aws_errors
from refrain.errors import ServiceUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_DELETED_AT_ONCE = 1000
"""Versions that S3 deletes in one request."""


class ObjectVersions:
    """The versions of a bucket's objects. Raises `ServiceUnavailable`."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket
        self._client: Any = boto3.client("s3")

    def delete_former(self, prefix: str) -> int:
        """Delete all versions below a prefix that are not the current one, and marks of deletion; count them."""
        return self._delete(item for item in self._list(prefix) if not item["IsLatest"] or "Size" not in item)

    def delete_all(self, key: str, etag: str | None = None) -> int:
        """Delete all versions of an object, or those with an ETag; count them."""
        versions = (item for item in self._list(key) if item["Key"] == key)
        return self._delete(item for item in versions if etag is None or item.get("ETag", "").strip('"') == etag)

    def _list(self, prefix: str) -> Iterator[dict[str, Any]]:
        with aws_errors("s3:ListBucketVersions"):
            for page in self._client.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=prefix):
                yield from (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))

    def _delete(self, items: Iterable[dict[str, Any]]) -> int:
        deleted = 0
        for batch in batched(items, MAX_DELETED_AT_ONCE, strict=False):
            objects = [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in batch]
            with aws_errors("s3:DeleteObjectVersion"):
                answer = self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": objects, "Quiet": True})
            if errors := answer.get("Errors"):
                raise ServiceUnavailable("s3:DeleteObjectVersion", str(errors[0])[:300])
            deleted += len(objects)
        return deleted
