"""The statistics of a version's hours as a report reads them: counts of a window, and samples of rows and labels."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from preprocessing import is_missing, objects, prepare
from refrain.lake.capture.predictions import Captured
from refrain.lake.hour_counts import ALL_HASHES, HourCounts
from refrain.lake.observed_rows import ObservedRows
from refrain.monitoring.captured_statistics import observe_rows
from refrain.monitoring.window_statistics import MAX_SAMPLED_ROWS, LabelledSample
from refrain.times import to_datetime64, to_iso

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from refrain.lake.hour_index import HourFolder, ReducedBatch
    from refrain.lake.observed_labels import ObservedLabels
    from refrain.monitoring.served_version import ServedVersion


@dataclass(frozen=True)
class ObservedHours:
    """The statistics of a version so far; `waiting` files are not in them yet."""

    folder: HourFolder
    batches: Sequence[ReducedBatch]
    labels: ObservedLabels
    waiting: int

    @property
    def damaged(self) -> int:
        """The number of lines that could not be read."""
        return sum(batch.damaged for batch in self.batches)

    def count(self, first: datetime, last: datetime) -> HourCounts | None:
        """Add up the counts of the hours that begin from `first` to before `last`; None where there was no row."""
        parts = [HourCounts.unpack(data) for data in self._read_parts("counts", first, last)]
        counts = HourCounts.join(parts).between(to_datetime64(first), to_datetime64(last)) if parts else None
        return counts if counts and len(counts.starts) else None

    def sample(self, counts: HourCounts, first: datetime, last: datetime) -> ObservedRows:
        """Sample the rows that were counted; the few first ones of each hour are read where they surely suffice."""
        since, until = to_datetime64(first), to_datetime64(last)
        few = min((batch.few for batch in self._between(first, last)), default=0)
        suffice = int(counts.rows.sum()) * (few + 1) / 2**64 >= 1.1 * MAX_SAMPLED_ROWS
        part, bound = ("few", np.uint64(few)) if suffice else ("rows", counts.bounds.min())
        sample: list[ObservedRows] = []
        for data in self._read_parts(part, first, last):
            rows = ObservedRows.unpack(data).within(bound, since, until)
            sample = [ObservedRows.join([*sample, rows]).smallest(MAX_SAMPLED_ROWS)]
        return sample[0]

    def sample_labelled(self, version: ServedVersion, since: datetime, now: datetime) -> LabelledSample:
        """Sample the rows answered since a time that have a label which the version's definition can use."""
        batches = self._between(since, now)
        bound = min([int(ALL_HASHES), *self.labels.bounds.values(), *(batch.bound for batch in batches)])
        rows = self.labels.rows or observe_rows(version, Captured([]))
        rows = rows.within(np.uint64(bound), to_datetime64(since), to_datetime64(now))
        labels = [self.labels.labels[hashed] for hashed in rows.hashes.tolist()]
        values = {version.definition.target: objects([label.value for label in labels])}
        columns, _ = prepare(version.definition, values, len(rows), columns=list(values))
        target = columns[version.definition.target]
        usable = np.flatnonzero(~is_missing(target))
        predictions = sum(batch.rows for batch in batches) * (bound + 1) / 2**64
        kept = usable[:MAX_SAMPLED_ROWS]
        delays = np.array([(label.received - label.asked) / 1e6 for label in labels], np.float64)
        share = min(1.0, len(usable) / predictions) if predictions else 0.0
        return LabelledSample(rows.select(kept), target[kept], delays[kept], share)

    def _read_parts(self, part: str, first: datetime, last: datetime) -> Iterator[bytes]:
        return self.folder.read_parts([batch.name for batch in self._between(first, last)], part)

    def _between(self, first: datetime, last: datetime) -> list[ReducedBatch]:
        """Return the batches with rows of a time; their last hour is no longer than an hour."""
        since, until = to_iso(first - timedelta(hours=1)), to_iso(last)
        return [batch for batch in self.batches if batch.rows and batch.until > since and batch.since < until]
