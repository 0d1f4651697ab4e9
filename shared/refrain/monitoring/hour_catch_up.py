"""Reduce what was captured since the last report, oldest files first, until nothing waits or the time is over."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from refrain.lake.by_hour import keys_between
from refrain.lake.capture.reading import captured_key, captured_prefix
from refrain.monitoring.hour_reduction import BatchReduction
from refrain.monitoring.label_reduction import reduce_labels
from refrain.monitoring.observed_hours import ObservedHours
from refrain.monitoring.window_statistics import max_sampled_rows
from refrain.times import to_iso

if TYPE_CHECKING:
    from datetime import datetime

    from refrain.lake.hour_index import HourFolder, HourIndex
    from refrain.monitoring.served_version import ServedVersion
    from refrain.monitoring.watched_cells import WatchedCells

MAX_BATCH_ROWS = 300_000
"""A batch is closed after the file that brings it to so many rows."""


def reduce_captured(
    folder: HourFolder,
    version: ServedVersion,
    cells: WatchedCells,
    seconds: int,
    since: datetime,
    now: datetime,
    end: float,
) -> ObservedHours:
    """Reduce the files and labels that were delivered since an hour, old hours first.

    No further one is read once the monotonic clock says `end`. `seconds` is the length of the spans in which rows are
    counted. Batches of hours before `since` leave the index.
    """
    while True:
        index, etag = folder.read_index()
        index = _without_old(folder, index, since)
        waiting = _waiting_files(folder, index, since, now)
        if not waiting or time.monotonic() >= end:
            most = max_sampled_rows(len(version.definition.features))
            labelled, labels, waiting_labels = reduce_labels(folder, index, since, now, end, most)
            if labelled is index or folder.move_index(labelled, etag):
                return ObservedHours(folder, labelled.batches, labels, len(waiting) + waiting_labels)
            continue
        reduction = BatchReduction(folder, index.batches, version, cells, seconds, to_iso(since))
        for source in waiting:
            reduction.add(source)
            if reduction.rows >= MAX_BATCH_ROWS or time.monotonic() >= end:
                break
        folder.move_index(_with_batch(index, reduction), etag)


def _without_old(folder: HourFolder, index: HourIndex, since: datetime) -> HourIndex:
    """Leave out what no window from `since` on can ask for."""
    first = to_iso(since - timedelta(hours=1))
    first_key = captured_key(folder.model, since, "").removesuffix(".jsonl.gz")
    return replace(
        index,
        batches=tuple(batch for batch in index.batches if batch.until > first),
        sources=tuple(source for source in index.sources if source >= first_key),
    )


def _waiting_files(folder: HourFolder, index: HourIndex, since: datetime, now: datetime) -> list[str]:
    reduced = set(index.sources)
    return [key for key in keys_between(folder.store, captured_prefix(folder.model), since, now) if key not in reduced]


def _with_batch(index: HourIndex, reduction: BatchReduction) -> HourIndex:
    return replace(index, sources=(*index.sources, *reduction.sources), batches=(*index.batches, reduction.write()))
