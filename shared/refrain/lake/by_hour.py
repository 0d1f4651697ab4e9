"""Lists and reads objects in folders by the hour, `<prefix>YYYY/MM/DD/HH/<name>` (UTC)."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import batched, chain
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
    prefixes = [prefix]
    if since and until and until - since <= MAX_LISTED_DAYS * _DAY:
        prefixes = [f"{prefix}{since + day * _DAY:%Y/%m/%d}/" for day in range((until.date() - since.date()).days + 1)]
    keys = (key for folder in prefixes for key in store.keys(folder))
    hours = ((key, _HOUR.match(key.removeprefix(prefix))) for key in keys)
    return sorted(key for key, hour in hours if hour and first <= hour[1] <= last)


def read_all(store: Store, keys: list[str]) -> Iterator[tuple[str, Object]]:
    """Read objects, several at a time, and yield them in the order of their keys."""
    with ThreadPoolExecutor(MAX_PARALLEL_READS) as threads:
        for batch in batched(keys, MAX_PARALLEL_READS, strict=False):
            yield from zip(batch, threads.map(store.read, batch), strict=True)


def stream_all(store: Store, keys: list[str]) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Yield keys with their objects chunk by chunk, in their order; the first chunks of several are read at once."""
    with ThreadPoolExecutor(MAX_PARALLEL_READS) as threads:
        for batch in batched(keys, MAX_PARALLEL_READS, strict=False):
            begun = threads.map(lambda key: _with_first(store.read_chunks(key)), batch)
            yield from zip(batch, begun, strict=True)


def _with_first(chunks: Iterator[bytes]) -> Iterator[bytes]:
    return chain([next(chunks, b"")], chunks)
