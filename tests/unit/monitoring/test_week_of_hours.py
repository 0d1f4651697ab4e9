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
from refrain.lake.hour_index import ALL_HASHES, HourFolder, HourIndex, ReducedBatch
from refrain.lake.observed_labels import ObservedLabel, ObservedLabels
from refrain.lake.observed_rows import ObservedRows
from refrain.monitoring.captured_statistics import observe_rows
from refrain.monitoring.hour_reduction import MAX_HOUR_SAMPLE, BatchReduction
from refrain.monitoring.label_reduction import MAX_KEPT_LABELS
from refrain.monitoring.observed_hours import ObservedHours
from refrain.monitoring.served_version import read_served_version
from refrain.monitoring.watched_cells import WatchedCells
from refrain.monitoring.window_statistics import max_sampled_rows
from refrain.times import to_datetime64, to_iso
from tests.unit.monitoring.conftest import DOCUMENT, customers
from tests.unit.monitoring.world import BEGINNING, Floats, Row, World
from tests.unit.serving.tiny import Lake

if TYPE_CHECKING:
    from preprocessing import Columns
    from refrain.aws.storage import Store
    from refrain.monitoring.served_version import ServedVersion

HOURS, FEATURES = 168, 25
HOUR_ROWS = [60_000 * (1 if hour % 24 < 8 else 7) for hour in range(HOURS)]  # hardly anybody asks at night
HOUR = timedelta(hours=1)
NUMBERS = [f"number_{place}" for place in range(FEATURES - 3)]
WEEK: dict[str, Any] = {
    **DOCUMENT,
    "columns": {**DOCUMENT["columns"], **{name: {"type": "number"} for name in NUMBERS}},
    "monitoring": {"window": "7d", "quality": "7d"},
}


def wide_customers() -> tuple[list[Row], Floats]:
    """Add features to the shop's that do not compress."""
    people, answers, _ = customers(3000, seed=1)
    numbers = np.random.default_rng(2).normal(size=(len(people), len(NUMBERS)))
    rows = zip(people, numbers.tolist(), strict=True)
    return [{**row, **dict(zip(NUMBERS, values, strict=True))} for row, values in rows], answers


def serve_a_week(store: Store) -> tuple[World, HourFolder]:
    """Have a version that answered `HOUR_ROWS` in the hours of a week; return where its statistics are, too."""
    world = World.of(store, "shop", WEEK)
    rows, answers = wide_customers()
    name = world.serve(rows, answers)
    version = read_served_version(store, "shop", Served(name, to_iso(BEGINNING), "roc_auc", None))
    captured = [
        CapturedRow(str(place), np.datetime64("2026-11-01", "us"), name, row, answer, version.classes, 1.0)
        for place, (row, answer) in enumerate(zip(rows, answers.tolist(), strict=True))
    ]
    return world, _write_hours(store, version, *observe_rows(version, Captured(captured)))


def _write_hours(store: Store, version: ServedVersion, answered: ObservedRows, columns: Columns) -> HourFolder:
    draw, cells = np.random.default_rng(3), WatchedCells.of(version)
    folder = HourFolder(store, "shop", version.name, cells.scheme(3600))
    batches: list[ReducedBatch] = []
    sampled = []
    for number, hour_rows in enumerate(HOUR_ROWS):
        start = to_datetime64(BEGINNING + number * HOUR)
        # Of so many rows, those with the smallest hashes. No report reads the other hashes of hours that are over.
        hashes = np.sort(draw.integers(0, ALL_HASHES // hour_rows * MAX_HOUR_SAMPLE, MAX_HOUR_SAMPLE, np.uint64))
        chosen = draw.integers(0, len(answered), MAX_HOUR_SAMPLE)
        rows, inputs = answered.select(chosen), {name: values[chosen] for name, values in columns.items()}
        times = start + draw.integers(0, 3_600_000_000, len(rows)).astype("timedelta64[us]")
        rows = replace(rows, hashes=hashes, times=times, entities=hashes)
        reduction = BatchReduction(folder, batches, version, cells, 3600, to_iso(BEGINNING))
        reduction.rows, reduction.sources = hour_rows, [f"hour {number}"]
        counts = cells.count(rows, inputs, [()] * len(rows), np.full(len(rows), start))
        reduction._parts = [counts] * (hour_rows // MAX_HOUR_SAMPLE)
        reduction._samples = {start: rows}
        reduction._hashes = {start: hashes}
        batches.append(reduction.write())
        sampled.append(rows.smallest(2 * MAX_KEPT_LABELS // HOURS))
    labelled = ObservedRows.join(sampled).smallest(max_sampled_rows(FEATURES))
    folder.store.write(folder.key("labels", "labelled"), _label(labelled))
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
    lake.read_bytes = 0
    started = time.process_time()

    report = week.world.monitor(BEGINNING + HOURS * HOUR + timedelta(minutes=20))

    seconds = time.process_time() - started
    assert report.window and report.quality and report.quality.measured
    assert report.window.rows == sum(HOUR_ROWS) == 50_400_000
    assert report.window.estimated
    assert 0.99 * max_sampled_rows(FEATURES) < report.quality.measured.rows <= max_sampled_rows(FEATURES)
    assert lake.read_bytes < 5_000_000
    assert seconds < 10


def test_beginnings_of_samples_make_the_same_sample_as_all_that_is_kept(week: Week) -> None:
    hours = ObservedHours(week.folder, week.folder.read_index()[0].batches, ObservedLabels(), 0)
    counts = hours.count(BEGINNING, BEGINNING + HOURS * HOUR)
    assert counts

    sample = hours.sample(counts, BEGINNING, BEGINNING + HOURS * HOUR, 12_000)

    kept = week.folder.read_parts([batch.name for batch in hours.batches], "rows")
    everything = ObservedRows.join([ObservedRows.unpack(data) for data in kept])
    assert 0.85 * 12_000 < len(sample) <= 12_000
    assert sample.hashes.tolist() == everything.hashes[: len(sample)].tolist()
    assert sample.matrix.tolist() == everything.matrix[: len(sample)].tolist()
