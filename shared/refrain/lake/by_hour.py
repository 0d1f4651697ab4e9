"""Objects that lie in folders by the hour, `<prefix>YYYY/MM/DD/HH/<name>` (UTC): which of them, and all at once."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from refrain.aws.storage import Object, Store

AT_ONCE = 16
"""Objects read at the same time: they are small, and S3 takes its time for each."""

MOST_DAYS = 62
"""Up to so many days are listed each by itself; for more, the whole prefix is."""

_HOUR = re.compile(r"(\d{4}/\d\d/\d\d/\d\d)/[^/]+$")
_DAY = timedelta(days=1)


def keys_between(store: Store, prefix: str, since: datetime | None, until: datetime | None) -> list[str]:
    """List the keys of the hours from that of `since` to that of `until` (both included), in the order of time."""
    first = f"{since:%Y/%m/%d/%H}" if since else ""
    last = f"{until:%Y/%m/%d/%H}" if until else "9999"
    found = ((key, _HOUR.match(key.removeprefix(prefix))) for key in _listed(store, prefix, since, until))
    return sorted(key for key, match in found if match and first <= match[1] <= last)


def read_all(store: Store, keys: list[str]) -> Iterator[tuple[str, Object]]:
    """Read objects, several at a time, and yield them in the order of their keys."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for start in range(0, len(keys), AT_ONCE):
            some = keys[start : start + AT_ONCE]
            yield from zip(some, threads.map(store.read, some), strict=True)


def _listed(store: Store, prefix: str, since: datetime | None, until: datetime | None) -> Iterator[str]:
    if since is None or until is None or until - since > MOST_DAYS * _DAY:
        yield from store.keys(prefix)
        return
    day = since.replace(hour=0, minute=0, second=0, microsecond=0)
    while day <= until:
        yield from store.keys(f"{prefix}{day:%Y/%m/%d}/")
        day += _DAY
