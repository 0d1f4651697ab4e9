"""The statistics of a version's hours as a report reads them: counts of a window, and samples of rows and labels."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from preprocessing import is_missing, objects, prepare
from refrain.lake.capture.predictions import Captured
from refrain.lake.hour_counts import HourCounts
from refrain.lake.hour_index import ALL_HASHES
from refrain.lake.observed_rows import ObservedRows
from refrain.monitoring.captured_statistics import observe_rows
from refrain.monitoring.window_statistics import LabelledSample, max_sampled_rows
from refrain.times import to_datetime64, to_iso

if TYPE_CHECKING:
    from collections.abc import Sequence
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
        names = [batch.name for batch in self._between(first, last)]
        parts = [HourCounts.unpack(data) for data in self.folder.read_parts(names, "counts")]
        counts = HourCounts.join(parts).between(to_datetime64(first), to_datetime64(last)) if parts else None
        return counts if counts and len(counts.starts) else None

    def sample(self, counts: HourCounts, first: datetime, last: datetime, most: int) -> ObservedRows:
        """Sample at most so many of the rows that were counted; of each batch no more is read than that takes."""
        since, until = to_datetime64(first), to_datetime64(last)
        share = most / int(counts.rows.sum())
        samples, bounds = zip(*self.folder.read_samples(self._between(first, last), share), strict=True)
        return ObservedRows.join(samples).within(np.uint64(min(bounds)), since, until).smallest(most)

    def sample_labelled(self, version: ServedVersion, since: datetime, now: datetime) -> LabelledSample:
        """Sample the rows answered since a time that have a label which the version's definition can use."""
        batches = self._between(since, now)
        bound = min([ALL_HASHES, *self.labels.bounds.values(), *(batch.bound for batch in batches)])
        rows = self.labels.rows or observe_rows(version, Captured([]))[0]
        rows = rows.within(np.uint64(bound), to_datetime64(since), to_datetime64(now))
        labels = [self.labels.labels[hashed] for hashed in rows.hashes.tolist()]
        values = {version.definition.target: objects([label.value for label in labels])}
        columns, _ = prepare(version.definition, values, len(rows), columns=list(values))
        target = columns[version.definition.target]
        usable = np.flatnonzero(~is_missing(target))
        predictions = sum(batch.rows for batch in batches) * (bound + 1) / 2**64
        kept = usable[: max_sampled_rows(rows.matrix.shape[1])]
        delays = np.array([(label.received - label.asked) / 1e6 for label in labels], np.float64)
        share = min(1.0, len(usable) / predictions) if predictions else 0.0
        return LabelledSample(rows.select(kept), target[kept], delays[kept], share)

    def _between(self, first: datetime, last: datetime) -> list[ReducedBatch]:
        """Return the batches with rows of a time; their last hour is no longer than an hour."""
        since, until = to_iso(first - timedelta(hours=1)), to_iso(last)
        return [batch for batch in self.batches if batch.rows and batch.until > since and batch.since < until]
