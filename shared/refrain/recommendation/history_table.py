"""Each user's newest items, in a table, so that a request sees an interaction seconds after its upload.

One entry holds a user's newest items with the time of each one's last interaction. Entries are merged so that neither
the order nor the number of times in which news arrive makes a difference: of each item the latest time counts, and of
all the newest `MOST_HEARD` (times first, then ids) are kept. So an upload that is brought twice changes nothing, and of
two that come at once none is lost (each writes on what it has read, and begins anew when that has changed).

DynamoDB's client is boto3's, of the Lambda runtime, and takes half a second to load; so it is loaded when somebody
first asks for a user, and never for models that recommend nothing.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from refrain.aws.boto_errors import aws_errors
from refrain.errors import ServiceUnavailable
from refrain.recommendation.limits import MAX_HISTORY_ITEMS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

type History = Mapping[str, int]
"""When each item was chosen last: microseconds since 1970, by the item's id."""

BATCH = 100
"""Entries that DynamoDB reads at once."""

MOST_TRIES = 20


def merge_history(known: History, news: History, most: int = MAX_HISTORY_ITEMS) -> dict[str, int]:
    """Merge two histories, the newest item first.

    >>> merge_history({"a": 5, "b": 3}, {"b": 9, "c": 1}, most=2)
    {'b': 9, 'a': 5}
    """
    latest = dict(known)
    for item, time in news.items():
        latest[item] = max(time, latest.get(item, time))
    newest = sorted(latest.items(), key=lambda each: (-each[1], each[0]))
    return dict(newest[:most])


class HistoryTable:
    """The table. Raises `ServiceUnavailable` where DynamoDB does not answer, or refuses.

    `hurried` is for those who have a caller waiting: few tries, and little patience with each.
    """

    def __init__(self, table: str, *, hurried: bool = False) -> None:
        self._table = table
        self._hurried = hurried

    def read(self, model: str, users: Sequence[str]) -> dict[str, list[str]]:
        """Return the items of users, the newest last; an unknown user has none."""
        found: dict[str, list[str]] = {}
        for start in range(0, len(users), BATCH):
            keys = {_key(model, user): user for user in users[start : start + BATCH]}
            for entry in self._read(list(keys)):
                found[keys[entry["user"]["S"]]] = list(reversed(_read(entry)))
        return {user: found.get(user, []) for user in users}

    def update(self, model: str, news: Mapping[str, History]) -> int:
        """Merge news of at most `BATCH` users into the table; return for how many users it changed."""
        waiting = {_key(model, user): seen for user, seen in news.items()}
        written = 0
        for _ in range(MOST_TRIES):
            entries = {entry["user"]["S"]: entry for entry in self._read(list(waiting))}
            known = {key: _read(entry) for key, entry in entries.items()}
            latest = {key: merge_history(known.get(key, {}), seen) for key, seen in waiting.items()}
            changed = [key for key in waiting if latest[key] != known.get(key)]
            overtaken = [key for key in changed if not self._write(key, latest[key], entries.get(key))]
            written += len(changed) - len(overtaken)
            waiting = {key: waiting[key] for key in overtaken}
            if not waiting:
                return written
        raise ServiceUnavailable("dynamodb:PutItem", f"entries of users changed {MOST_TRIES} times meanwhile")

    def _read(self, keys: Sequence[str]) -> list[dict[str, Any]]:
        """Read entries as they are now, not as they were a moment ago."""
        wanted: Any = {self._table: {"Keys": [{"user": {"S": key}} for key in keys], "ConsistentRead": True}}
        found: list[dict[str, Any]] = []
        with aws_errors("dynamodb:BatchGetItem"):
            for _ in range(MOST_TRIES):
                answer = _client(self._hurried).batch_get_item(RequestItems=wanted)
                found += answer["Responses"].get(self._table, [])
                wanted = answer.get("UnprocessedKeys")
                if not wanted:
                    return found
        raise ServiceUnavailable("dynamodb:BatchGetItem", "it leaves keys unread again and again")

    def _write(self, key: str, seen: History, before: Mapping[str, Any] | None) -> bool:
        """Write an entry over the one that was read; False when it is another one by now."""
        item = {"user": {"S": key}, "items": {"S": json.dumps(seen, separators=(",", ":"))}}
        condition: dict[str, Any] = {
            "ConditionExpression": "attribute_not_exists(#user)",
            "ExpressionAttributeNames": {"#user": "user"},
        }
        if before:
            condition = {
                "ConditionExpression": "#items = :was",
                "ExpressionAttributeNames": {"#items": "items"},
                "ExpressionAttributeValues": {":was": before["items"]},
            }
        with aws_errors("dynamodb:PutItem"):
            client = _client(self._hurried)
            try:
                client.put_item(TableName=self._table, Item=item, **condition)
            except client.exceptions.ConditionalCheckFailedException:
                return False
        return True


def _key(model: str, user: str) -> str:
    return f"{model}#{user}"


def _read(entry: Mapping[str, Any]) -> dict[str, int]:
    seen: dict[str, int] = json.loads(entry["items"]["S"])
    return seen


@cache
def _client(hurried: bool) -> Any:
    import boto3
    from botocore.config import Config

    retries: Any = {"total_max_attempts": 2 if hurried else 8, "mode": "standard"}
    patience = 1 if hurried else 5
    config = Config(retries=retries, connect_timeout=patience, read_timeout=patience, max_pool_connections=32)
    return boto3.client("dynamodb", config=config)
