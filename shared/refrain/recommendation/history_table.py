"""Each user's newest items in a table, so that a request sees an interaction seconds after its upload.

An entry holds a user's newest items, each with the time of its last interaction. Entries are merged so that neither the
order nor the repetition of news matters: the latest time of each item counts, and the newest `MAX_HISTORY_ITEMS` are
kept (by time, then by id). So an upload that is delivered twice changes nothing. Of two at once none is lost: each
replaces what it has read, and starts again when that has changed.
"""

from __future__ import annotations

import json
from itertools import batched
from typing import TYPE_CHECKING

from refrain.aws.table import MAX_BATCH, DynamoTable
from refrain.errors import ServiceUnavailable
from refrain.recommendation.histories import MAX_HISTORY_ITEMS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

type History = Mapping[str, int]
"""The time of the last interaction with each item: microseconds since 1970, by the item's id."""

MAX_UPDATES = 20
"""Attempts to update entries that others update at the same time."""


def merge_history(history: History, news: History, limit: int = MAX_HISTORY_ITEMS) -> dict[str, int]:
    """Merge two histories, the newest item first.

    >>> merge_history({"a": 5, "b": 3}, {"b": 9, "c": 1}, limit=2)
    {'b': 9, 'a': 5}
    """
    latest = dict(history)
    for item, time in news.items():
        latest[item] = max(time, latest.get(item, time))
    newest = sorted(latest.items(), key=lambda entry: (-entry[1], entry[0]))
    return dict(newest[:limit])


class HistoryTable:
    """The table. Raises `ServiceUnavailable` when DynamoDB fails; `hurried` is for a waiting caller."""

    def __init__(self, table: str, *, hurried: bool = False) -> None:
        self._table = DynamoTable(table, "user", "items", hurried=hurried)

    def read(self, model: str, users: Sequence[str]) -> dict[str, list[str]]:
        """Return each user's items, the newest last; an unknown user has none."""
        histories: dict[str, list[str]] = {}
        for batch in batched(users, MAX_BATCH, strict=False):
            entries = self._table.read([_key(model, user) for user in batch])
            histories |= {user: list(_history(entries.get(_key(model, user))))[::-1] for user in batch}
        return histories

    def update(self, model: str, news: Mapping[str, History]) -> int:
        """Merge news of at most `MAX_BATCH` users into the table; return for how many users it changed."""
        waiting = {_key(model, user): history for user, history in news.items()}
        updated = 0
        for _ in range(MAX_UPDATES):
            before = self._table.read(list(waiting))
            merged = {key: merge_history(_history(before.get(key)), history) for key, history in waiting.items()}
            after = {key: json.dumps(history, separators=(",", ":")) for key, history in merged.items()}
            changed = [key for key in waiting if after[key] != before.get(key)]
            overtaken = [key for key in changed if not self._table.replace(key, before.get(key), after[key])]
            updated += len(changed) - len(overtaken)
            waiting = {key: waiting[key] for key in overtaken}
            if not waiting:
                return updated
        raise ServiceUnavailable("dynamodb:PutItem", f"histories changed {MAX_UPDATES} times meanwhile")

    def delete(self, model: str, users: Sequence[str]) -> int:
        """Delete the histories of users; return how many had one."""
        return sum(self._table.delete(_key(model, user)) for user in users)


def _key(model: str, user: str) -> str:
    return f"{model}#{user}"


def _history(entry: str | None) -> dict[str, int]:
    history: dict[str, int] = json.loads(entry or "{}")
    return history
