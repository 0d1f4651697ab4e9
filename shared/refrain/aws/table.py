"""Texts by key in a DynamoDB table, read in batches and replaced only as they were read.

boto3 is part of the Lambda runtime and takes half a second to load. It is imported when a table is first used, so
models without a table do not pay for it.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from refrain.errors import ServiceUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_BATCH = 100
"""Entries that DynamoDB reads at once."""

MAX_READS = 20
"""Requests for one batch: DynamoDB may leave keys unprocessed."""


class DynamoTable:
    """Entries of two text attributes, the key and the value. Raises `ServiceUnavailable` when DynamoDB fails.

    `hurried` is for a waiting caller: few attempts with short timeouts.
    """

    def __init__(self, name: str, key: str, value: str, *, hurried: bool = False) -> None:
        self._name = name
        self._key = key
        self._value = value
        self._hurried = hurried

    def read(self, keys: Sequence[str]) -> dict[str, str]:
        """Return the current values of at most `MAX_BATCH` keys; missing keys are left out."""
        request: Any = {self._name: {"Keys": [{self._key: {"S": key}} for key in keys], "ConsistentRead": True}}
        values: dict[str, str] = {}
        with aws_errors("dynamodb:BatchGetItem"):
            for _ in range(MAX_READS):
                answer = _client(self._hurried).batch_get_item(RequestItems=request)
                entries = answer["Responses"].get(self._name, [])
                values |= {entry[self._key]["S"]: entry[self._value]["S"] for entry in entries}
                request = answer.get("UnprocessedKeys")
                if not request:
                    return values
        raise ServiceUnavailable("dynamodb:BatchGetItem", "it leaves keys unread again and again")

    def replace(self, key: str, before: str | None, after: str) -> bool:
        """Write a value in place of the one that was read (None: there was none); False when it has changed since."""
        entry = {self._key: {"S": key}, self._value: {"S": after}}
        condition: dict[str, Any] = {
            "ConditionExpression": "attribute_not_exists(#name)" if before is None else "#name = :before",
            "ExpressionAttributeNames": {"#name": self._value},
        }
        if before is not None:
            condition["ExpressionAttributeValues"] = {":before": {"S": before}}
        with aws_errors("dynamodb:PutItem"):
            client = _client(self._hurried)
            try:
                client.put_item(TableName=self._name, Item=entry, **condition)
            except client.exceptions.ConditionalCheckFailedException:
                return False
        return True

    def delete(self, key: str) -> bool:
        """Delete an entry; tell whether there was one."""
        with aws_errors("dynamodb:DeleteItem"):
            answer = _client(self._hurried).delete_item(
                TableName=self._name, Key={self._key: {"S": key}}, ReturnValues="ALL_OLD"
            )
        return "Attributes" in answer


@contextmanager
def aws_errors(call: str) -> Iterator[None]:
    """Raise `ServiceUnavailable`, naming the call, for whatever botocore raises within."""
    from botocore.exceptions import BotoCoreError, ClientError  # here, since a prediction seldom needs it

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise ServiceUnavailable(call, str(error)) from error


@cache
def _client(hurried: bool) -> Any:
    import boto3
    from botocore.config import Config

    retries: Any = {"total_max_attempts": 2 if hurried else 8, "mode": "standard"}
    timeout = 1 if hurried else 5
    config = Config(retries=retries, connect_timeout=timeout, read_timeout=timeout, max_pool_connections=32)
    return boto3.client("dynamodb", config=config)
