"""Read the labels that came since the last report, each file once, and find the rows that they are of."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import batched
from typing import TYPE_CHECKING

import numpy as np

from refrain.lake.by_hour import MAX_PARALLEL_READS, keys_between, stream_all
from refrain.lake.capture.reading import LATE
from refrain.lake.capture.record import asked_at
from refrain.lake.hour_index import ALL_HASHES, name_batch
from refrain.lake.label import LabelBatch
from refrain.lake.observed_labels import ObservedLabel, ObservedLabels
from refrain.lake.observed_rows import ObservedRows
from refrain.statistics.hashing import text_hashes
from refrain.times import from_iso, hour_start, to_datetime64, to_iso

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from preprocessing import Array
    from refrain.lake.hour_index import HourFolder, HourIndex, ReducedBatch

HOUR = 3_600_000_000
"""Microseconds."""

MAX_KEPT_LABELS = 40_000
"""Labels that have a row or wait for one; of more labels a sample."""


def reduce_labels(
    folder: HourFolder, index: HourIndex, since: datetime, now: datetime, end: float, most: int
) -> tuple[HourIndex, ObservedLabels, int]:
    """Read labels until the monotonic clock says `end`; return the index that names them, and how many files wait.

    At most so many rows are kept, a sample of those that have a label.
    The row of a new label is looked for in all batches, that of a label which came before its row in the new ones.
    """
    stored = folder.read_part(index.labelled, "labelled") if index.labelled else None
    observed = ObservedLabels.unpack(stored) if stored else ObservedLabels()
    first = max(hour_start(since), from_iso(index.labels_since)) if index.labels_since else hour_start(since)
    keys = keys_between(folder.store, LabelBatch.prefix(folder.model), first, now)
    hashes = dict(zip(keys, text_hashes(keys).tolist(), strict=True))
    waiting = [key for key in keys if hashes[key] not in observed.read]
    names = [batch.name for batch in index.batches]
    new_names = [name for name in names if name not in observed.tried]
    if not waiting and not new_names:
        return index, observed, 0
    before = set(observed.labels)
    bound = min((batch.bound for batch in index.batches), default=ALL_HASHES)
    read, bound = _add_labels(folder, observed, waiting, bound, end)
    _find_rows(folder, index.batches, observed, before)
    observed.bounds[_microseconds(now)] = observed.sample_rows(bound, most)
    observed.forget(_microseconds(since), _microseconds(now - LATE))
    if len(read) == len(waiting):
        first = max(first, hour_start(now - LATE))
    first_key = LabelBatch.key(folder.model, first, "")
    observed.read = {hashes[key] for key in set(keys).difference(waiting).union(read) if key >= first_key}
    observed.tried = names
    name = name_batch([index.labelled, *new_names], read)
    folder.store.write(folder.key(name, "labelled"), observed.pack())
    return replace(index, labelled=name, labels_since=to_iso(first)), observed, len(waiting) - len(read)


def _add_labels(
    folder: HourFolder, observed: ObservedLabels, keys: Sequence[str], bound: int, end: float
) -> tuple[list[str], int]:
    """Add the labels of files up to a bound of hashes; return the files, and the bound of the labels that are kept.

    The first files are read however little time there is.
    """
    read: list[str] = []
    for together in batched(keys, MAX_PARALLEL_READS, strict=False):
        for key, chunks in stream_all(folder.store, list(together)):
            for batch in LabelBatch.in_pieces(chunks):
                _add_batch(observed, batch)
                if len(observed.labels) > 2 * MAX_KEPT_LABELS:
                    bound = observed.keep_smallest(bound, MAX_KEPT_LABELS)
            read.append(key)
        if time.monotonic() >= end:
            break
    return read, observed.keep_smallest(bound, MAX_KEPT_LABELS)


def _add_batch(observed: ObservedLabels, batch: LabelBatch) -> None:
    received = _microseconds(from_iso(batch.received_at))
    hashes = text_hashes([entry["prediction_id"] for entry in batch.labels]).tolist()
    for hashed, entry in zip(hashes, batch.labels, strict=True):
        if hashed in observed.labels:
            observed.labels[hashed].update(entry["label"], received)
        elif asked := asked_at(entry["prediction_id"]):
            observed.labels[hashed] = ObservedLabel(_microseconds(asked), entry["label"], received, received)


def _find_rows(
    folder: HourFolder, batches: Sequence[ReducedBatch], observed: ObservedLabels, before: Collection[int]
) -> None:
    """Add the rows of labels; those that were there `before` have been looked for in all batches that are not new."""
    missing = sorted(observed.labels.keys() - observed.matched())
    hashes = np.array(missing, np.uint64)
    hours = np.array([observed.labels[hashed].asked // HOUR for hashed in missing])
    is_new = np.array([hashed not in before for hashed in missing], bool)
    chosen = [
        batch for batch in batches if (_covers(batch, hours) & (is_new | (batch.name not in observed.tried))).any()
    ]
    for data in folder.read_parts([batch.name for batch in chosen], "rows"):
        rows = ObservedRows.unpack(data)
        rows = rows.select(np.isin(rows.hashes, hashes))
        observed.rows = ObservedRows.join([observed.rows, rows]) if observed.rows else rows


def _covers(batch: ReducedBatch, hours: Array) -> Array:
    """Tell which hours (since 1970) a batch has rows of."""
    first, last = (_microseconds(from_iso(time)) // HOUR for time in (batch.since, batch.until))
    covered: Array = (hours >= first) & (hours <= last)
    return covered


def _microseconds(time: datetime) -> int:
    return int(to_datetime64(time).astype(np.int64))
