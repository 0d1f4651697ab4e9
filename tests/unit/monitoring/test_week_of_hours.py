"""A report over a week of fifty million predictions reads a few megabytes, and takes seconds.

The statistics of the hours are made of a few rows, which stand for all, and are written by the classes that write real
ones.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from refrain.lake.capture.predictions import Captured, CapturedRow
from refrain.lake.deployment import Served
from refrain.lake.hour_counts import ALL_HASHES
from refrain.lake.hour_index import HourFolder, HourIndex, ReducedBatch
from refrain.lake.observed_labels import ObservedLabel, ObservedLabels
from refrain.lake.observed_rows import ObservedRows
from refrain.monitoring.captured_statistics import observe_rows
from refrain.monitoring.hour_reduction import MAX_HOUR_SAMPLE, BatchReduction
from refrain.monitoring.label_reduction import MAX_KEPT_LABELS
from refrain.monitoring.observed_hours import ObservedHours
from refrain.monitoring.served_version import read_served_version
from refrain.monitoring.watched_cells import WatchedCells
from refrain.monitoring.window_statistics import MAX_SAMPLED_ROWS
from refrain.times import to_datetime64, to_iso
from tests.unit.monitoring.conftest import DOCUMENT, customers
from tests.unit.monitoring.world import BEGINNING, World
from tests.unit.serving.tiny import Lake

if TYPE_CHECKING:
    from refrain.aws.storage import Store
    from refrain.monitoring.served_version import ServedVersion

HOURS, HOUR_ROWS = 168, 300_000
HOUR = timedelta(hours=1)
WEEK: dict[str, Any] = {**DOCUMENT, "monitoring": {"window": "7d", "quality": "7d"}}


def serve_a_week(store: Store) -> tuple[World, HourFolder]:
    """Have a version that answered `HOUR_ROWS` an hour for a week; return where its statistics are, too."""
    world = World.of(store, "shop", WEEK)
    rows, answers, _ = customers(3000, seed=1)
    name = world.serve(rows, answers)
    version = read_served_version(store, "shop", Served(name, to_iso(BEGINNING), "roc_auc", None))
    captured = [
        CapturedRow(str(place), np.datetime64("2026-11-01", "us"), name, row, answer, version.classes, 1.0)
        for place, (row, answer) in enumerate(zip(rows, answers.tolist(), strict=True))
    ]
    return world, _write_hours(store, version, observe_rows(version, Captured(captured)))


def _write_hours(store: Store, version: ServedVersion, answered: ObservedRows) -> HourFolder:
    draw, cells = np.random.default_rng(3), WatchedCells.of(version)
    folder = HourFolder(store, "shop", version.name, cells.scheme(3600))
    batches: list[ReducedBatch] = []
    sampled = []
    for number in range(HOURS):
        start = to_datetime64(BEGINNING + number * HOUR)
        # Of so many rows, those with the smallest hashes. No report reads the other hashes of hours that are over.
        hashes = np.sort(draw.integers(0, int(ALL_HASHES) // HOUR_ROWS * MAX_HOUR_SAMPLE, MAX_HOUR_SAMPLE, np.uint64))
        rows = answered.select(draw.integers(0, len(answered), MAX_HOUR_SAMPLE))
        times = start + draw.integers(0, 3_600_000_000, len(rows)).astype("timedelta64[us]")
        rows = replace(rows, hashes=hashes, times=times, entities=hashes)
        reduction = BatchReduction(folder, batches, version, cells, 3600, to_iso(BEGINNING))
        reduction.rows, reduction.sources = HOUR_ROWS, [f"hour {number}"]
        counts = cells.count(rows, [()] * len(rows), np.full(len(rows), start))
        reduction._parts = [counts] * (HOUR_ROWS // MAX_HOUR_SAMPLE)
        reduction._samples = {start: rows}
        reduction._hashes = {start: hashes}
        batches.append(reduction.write())
        sampled.append(rows.smallest(2 * MAX_KEPT_LABELS // HOURS))
    folder.store.write(folder.key("labels", "labelled"), _label(ObservedRows.join(sampled).smallest(MAX_KEPT_LABELS)))
    folder.move_index(HourIndex(batches=tuple(batches), labelled="labels", labels_since=to_iso(BEGINNING)), "")
    return folder


def _label(rows: ObservedRows) -> bytes:
    """Label rows as the version expects it."""
    asked = rows.times.astype(np.int64).tolist()
    likely = rows.answers[:, 1] > np.random.default_rng(4).random(len(rows))
    labels = {
        hashed: ObservedLabel(time, bool(label), time + 3_600_000_000, time + 3_600_000_000)
        for hashed, time, label in zip(rows.hashes.tolist(), asked, likely, strict=True)
    }
    return ObservedLabels(labels, rows, bounds={asked[0]: int(rows.hashes[-1])}).pack()


@dataclass
class Week:
    """A week of hours in memory."""

    lake: Lake
    world: World
    folder: HourFolder


@pytest.fixture(scope="module")
def week() -> Week:
    lake = Lake()
    return Week(lake, *serve_a_week(lake))


def test_a_report_on_fifty_million_predictions_reads_a_few_megabytes_in_seconds(week: Week) -> None:
    lake = week.lake
    lake.reads.clear()
    started = time.process_time()

    report = week.world.monitor(BEGINNING + HOURS * HOUR + timedelta(minutes=20))

    seconds = time.process_time() - started
    assert report.window and report.quality and report.quality.measured
    assert report.window.rows == HOURS * HOUR_ROWS == 50_400_000
    assert report.window.estimated
    assert report.quality.measured.rows == MAX_SAMPLED_ROWS
    assert sum(len(lake.read(key).data) for key in list(lake.reads) if lake.exists(key)) < 12_000_000
    assert seconds < 10


def test_the_few_first_rows_of_each_hour_make_the_same_sample_as_all_that_are_kept(week: Week) -> None:
    week.lake.reads.clear()
    few = ObservedHours(week.folder, week.folder.read_index()[0].batches, ObservedLabels(), 0)
    everything = replace(few, batches=[replace(batch, few=0) for batch in few.batches])

    first, last = BEGINNING, BEGINNING + HOURS * HOUR
    counts = few.count(first, last)
    assert counts
    samples = [hours.sample(counts, first, last).hashes.tolist() for hours in (few, everything)]
    read = {part: sum(key.endswith(f".{part}.npz") for key in week.lake.reads) for part in ("few", "rows")}

    assert samples[0] == samples[1]
    assert len(samples[0]) == MAX_SAMPLED_ROWS
    assert read == {"few": HOURS, "rows": HOURS}
