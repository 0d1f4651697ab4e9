"""Lists and reads objects in folders by the hour, `<prefix>YYYY/MM/DD/HH/<name>` (UTC)."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from refrain.aws.storage import Object, Store

MAX_PARALLEL_READS = 16
"""The objects are small, and S3 takes some milliseconds for each."""

MAX_LISTED_DAYS = 62
"""Up to so many days are listed one by one; for more, the whole prefix is listed."""

_HOUR = re.compile(r"(\d{4}/\d\d/\d\d/\d\d)/[^/]+$")
_DAY = timedelta(days=1)


def keys_between(store: Store, prefix: str, since: datetime | None, until: datetime | None) -> list[str]:
    """List the keys from the hour of `since` to the hour of `until` (both included), in the order of time."""
    first = f"{since:%Y/%m/%d/%H}" if since else ""
    last = f"{until:%Y/%m/%d/%H}" if until else "9999"
    keys = ((key, _HOUR.match(key.removeprefix(prefix))) for key in _list_keys(store, prefix, since, until))
    return sorted(key for key, match in keys if match and first <= match[1] <= last)


def read_all(store: Store, keys: list[str]) -> Iterator[tuple[str, Object]]:
    """Read objects, several at a time, and yield them in the order of their keys."""
    with ThreadPoolExecutor(MAX_PARALLEL_READS) as threads:
        for start in range(0, len(keys), MAX_PARALLEL_READS):
            batch = keys[start : start + MAX_PARALLEL_READS]
            yield from zip(batch, threads.map(store.read, batch), strict=True)


def _list_keys(store: Store, prefix: str, since: datetime | None, until: datetime | None) -> Iterator[str]:
    if since is None or until is None or until - since > MAX_LISTED_DAYS * _DAY:
        yield from store.keys(prefix)
        return
    day = since.replace(hour=0, minute=0, second=0, microsecond=0)
    while day <= until:
        yield from store.keys(f"{prefix}{day:%Y/%m/%d}/")
        day += _DAY
