"""Read captured predictions of a version as arrays, and tell the hours that they belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from preprocessing.encode import encode_features
from refrain.lake.capture.predictions import name_entities
from refrain.lake.capture.record import asked_at
from refrain.lake.observed_rows import ObservedRows
from refrain.statistics.hashing import text_hashes
from refrain.times import to_datetime64

if TYPE_CHECKING:
    from preprocessing import Array, Columns
    from refrain.lake.capture.predictions import Captured, CapturedRow
    from refrain.monitoring.served_version import ServedVersion


def observe_rows(version: ServedVersion, captured: Captured) -> tuple[ObservedRows, Columns]:
    """Read the version's own predictions as arrays, and their typed inputs, row by row."""
    columns, _ = captured.columns(version.definition)
    hashes = text_hashes(captured.ids)
    entities = name_entities(version.definition, captured.rows)
    rows = ObservedRows(
        hashes=hashes,
        times=np.array([_time_of(row) for row in captured.rows], "datetime64[us]"),
        matrix=encode_features(version.definition, version.vocabularies, columns),
        answers=captured.answers.reshape(-1, len(version.classes) or 1),
        bounds=np.array([row.bound for row in captured.rows], np.float64),  # None is NaN
        entities=hashes if entities is None else text_hashes(entities.tolist()),
    )
    return rows, columns


def hours_of(times: Array, seconds: int) -> Array:
    """Return the starts of the spans that times (datetime64[us]) lie in."""
    starts: Array = times - (times - np.datetime64(0, "us")) % np.timedelta64(seconds, "s")
    return starts


def _time_of(row: CapturedRow) -> np.datetime64:
    """Return the time in a prediction's id, by which its label is found; its line was written a little later."""
    asked = asked_at(row.id)
    return row.time if asked is None else to_datetime64(asked)
