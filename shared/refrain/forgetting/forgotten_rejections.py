"""Forget people in rejected rows: these are as they came, so a row is theirs that has the values of their key."""

from __future__ import annotations

import gzip
import json
import re
from itertools import batched
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing import objects
from refrain.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from refrain.aws.storage import Store
    from refrain.forgetting.people import People

MAX_BATCH_ROWS = 10_000

_BETWEEN_VALUES = re.compile(r"""[\s,;|"']+""")


def forget_rejected(store: Store, people: People, key: str | None) -> tuple[int, int | None]:
    """Remove their rows from the rejected rows of an upload; return how many went and are left, None for expired."""
    if key is None:
        return 0, 0
    try:
        lines = gzip.decompress(store.read(key).data).split(b"\n")[:-1]
    except NotFound:
        return 0, None
    kept: list[bytes] = []
    for batch in batched(lines, MAX_BATCH_ROWS, strict=False):
        theirs = mark_rejected(people, [json.loads(line) for line in batch])
        kept += [line for line, is_theirs in zip(batch, theirs, strict=True) if not is_theirs]
    if len(kept) < len(lines):
        store.write(key, gzip.compress(b"".join(line + b"\n" for line in kept), 3, mtime=0))
    return len(lines) - len(kept), len(kept)


def mark_rejected(people: People, entries: Sequence[Any]) -> NDArray[np.bool_]:
    """Mark the entries in which each column of a key has its value somewhere: columns may have slipped."""
    values = [list(_values(entry)) for entry in entries]
    owners = np.repeat(np.arange(len(values)), [len(row) for row in values])
    cells = objects([value for row in values for value in row])
    marked = np.ones(len(values), bool)
    for name in people.names:
        hits = people.mark_cells(cells, name)
        marked &= np.bincount(owners, hits, len(values)) > 0
    return marked


def _values(content: Any) -> Iterator[object]:
    """Yield all values at any depth; a text also in its parts, since a row may not have been split."""
    if isinstance(content, dict):
        for value in content.values():
            yield from _values(value)
    elif isinstance(content, list):
        for value in content:
            yield from _values(value)
    else:
        yield content
        if isinstance(content, str):
            yield from (part for part in _BETWEEN_VALUES.split(content) if part)
