"""Turn captured predictions of a version into statistics: counts by hour, and rows to sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from preprocessing import encode, is_missing
from refrain.lake.capture.predictions import name_entities
from refrain.lake.observed_rows import ObservedRows
from refrain.monitoring.window_statistics import MAX_SAMPLED_ROWS, LabelledSample
from refrain.statistics.hashing import text_hashes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from refrain.lake.capture.predictions import Captured, CapturedRow, LabelledPredictions
    from refrain.lake.hour_counts import HourCounts
    from refrain.monitoring.served_version import ServedVersion
    from refrain.monitoring.watched_cells import WatchedCells

HOUR = np.timedelta64(3600, "s")


def observe_rows(version: ServedVersion, captured: Captured) -> ObservedRows:
    """Read the version's own predictions as arrays, row by row."""
    columns, _ = captured.columns(version.definition)
    hashes = text_hashes(captured.ids)
    entities = name_entities(version.definition, captured.rows)
    width = len(version.classes) or 1
    return ObservedRows(
        hashes=hashes,
        times=captured.times,
        columns=columns,
        matrix=encode(version.definition, version.vocabularies, columns),
        answers=captured.answers.reshape(-1, width),
        bounds=np.array([row.bound for row in captured.rows], np.float64),  # None is NaN
        entities=hashes if entities is None else text_hashes(entities.tolist()),
    )


def count_hours(cells: WatchedCells, rows: ObservedRows, captured: Sequence[CapturedRow]) -> HourCounts:
    """Count rows in the hours of their answers."""
    hours = rows.times - (rows.times - np.datetime64(0, "us")) % HOUR
    return cells.count(rows, [row.unfamiliar for row in captured], hours)


def sample_rows(rows: ObservedRows) -> ObservedRows:
    """Return the sample of rows in any order."""
    return ObservedRows.join([rows]).smallest(MAX_SAMPLED_ROWS)


def sample_labelled(version: ServedVersion, joined: LabelledPredictions) -> LabelledSample:
    """Return a sample of the predictions that have a label which the definition can use."""
    target, _ = joined.target(version.definition)
    usable = np.flatnonzero(~is_missing(target))
    rows = observe_rows(version, joined.captured)
    chosen = usable[np.argsort(rows.hashes[usable])[:MAX_SAMPLED_ROWS]]
    predictions = len(joined) + joined.unlabelled
    share = len(usable) / predictions if predictions else 0.0
    return LabelledSample(rows.select(chosen), target[chosen], joined.delays[chosen], share)
