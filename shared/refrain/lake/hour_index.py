"""Which captured files and labels of a version have been reduced to statistics, and where these are.

Statistics are written once and never changed; what comes late is a further batch. The index is written after them, by
compare-and-swap. So a crash, or a second report at the same time, leaves at most objects that no index names.
"""

from __future__ import annotations

import hashlib
import math
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import batched
from typing import TYPE_CHECKING, ClassVar

from refrain.aws.storage import to_json
from refrain.errors import NotFound
from refrain.lake.by_hour import MAX_PARALLEL_READS
from refrain.lake.document import Document
from refrain.lake.observed_rows import MAX_HEADER_BYTES, ObservedRows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from refrain.aws.storage import Store

ALL_HASHES = 2**64 - 1
"""The greatest hash of an id."""


@dataclass(frozen=True)
class ReducedBatch(Document):
    """The statistics of some captured files: `rows` in hours that begin from `since` to `until` (ISO 8601, UTC).

    All rows whose id has a hash of at most `bound` are in the sample, of `sampled` rows in `size` bytes. `damaged`
    lines could not be read.
    """

    name: str
    since: str
    until: str
    rows: int
    bound: int
    damaged: int
    sampled: int
    size: int


@dataclass(frozen=True)
class HourIndex(Document):
    """The batches of a version, oldest first, and the files (`sources`) that they are made of.

    `labelled` names the labels and their rows. Labels received before the hour `labels_since` are not looked for.
    """

    sources: tuple[str, ...] = ()
    batches: tuple[ReducedBatch, ...] = ()
    labels_since: str = ""
    labelled: str = ""


@dataclass(frozen=True)
class HourFolder:
    """Where the statistics of a version lie; `scheme` names how rows are counted, so that only like counts add up."""

    store: Store
    model: str
    version: str
    scheme: str

    PREFIX: ClassVar = "hours"

    def key(self, name: str, part: str) -> str:
        """Return the key of a part: counts, the sample of rows, the hashes of ids, or labels."""
        return f"{self.PREFIX}/{self.model}/{self.version}/{self.scheme}/{name}.{part}.npz"

    @property
    def _index(self) -> str:
        return f"{self.PREFIX}/{self.model}/{self.version}/{self.scheme}/index.json"

    def read_index(self) -> tuple[HourIndex, str]:
        """Read the index and its ETag; of a version without one an empty index, and ""."""
        try:
            stored = self.store.read(self._index)
        except NotFound:
            return HourIndex(), ""
        return HourIndex.from_json(stored.json()), stored.etag

    def move_index(self, index: HourIndex, etag: str) -> bool:
        """Replace the index that still has this ETag; False when another report was first."""
        return self.store.swap(self._index, to_json(index.to_json()), etag)

    def read_parts(self, names: Iterable[str], part: str) -> Iterator[bytes]:
        """Read a part of batches, several at a time, in their order; those that have expired are left out."""
        return _read_together(lambda name: self.read_part(name, part), names)

    def read_samples(self, batches: Iterable[ReducedBatch], share: float) -> Iterator[tuple[ObservedRows, int]]:
        """Read about this share of the rows of batches, and up to which hash all rows are among them."""
        return _read_together(lambda batch: self._read_sample(batch, share), batches)

    def read_part(self, name: str, part: str) -> bytes | None:
        """Read a part of a batch; None where it has expired."""
        with suppress(NotFound):
            return self.store.read(self.key(name, part)).data
        return None

    def _read_sample(self, batch: ReducedBatch, share: float) -> tuple[ObservedRows, int] | None:
        """Read the beginning of a sample that has the share, or is short of it by chance in one batch of forty."""
        expected = share * batch.rows
        wanted = math.ceil(expected + 2 * math.sqrt(expected))
        size = MAX_HEADER_BYTES + batch.size * wanted // max(batch.sampled, 1)
        with suppress(NotFound):
            rows = ObservedRows.unpack(self.store.read_start(self.key(batch.name, "rows"), size))
            return rows, batch.bound if len(rows) == batch.sampled else int(rows.hashes[-1])
        return None


def _read_together[Item, Read](read: Callable[[Item], Read | None], items: Iterable[Item]) -> Iterator[Read]:
    with ThreadPoolExecutor(MAX_PARALLEL_READS) as threads:
        for together in batched(items, MAX_PARALLEL_READS, strict=False):
            yield from (content for content in threads.map(read, together) if content is not None)


def name_batch(before: Iterable[str], sources: Iterable[str]) -> str:
    """Name what is made of these sources, on top of what was there before: the same name is the same content.

    >>> name_batch(["a"], ["b"]) == name_batch(["a"], ["b"]) != name_batch(["a", "b"], [])
    True
    """
    text = "\n".join([*before, "", *sources])
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
