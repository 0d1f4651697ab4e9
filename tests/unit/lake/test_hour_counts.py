"""Counts add up, whatever parts of the rows they are counted from."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from refrain.lake.hour_counts import HourCounts, RowNotes

rows = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.sampled_from(["", "age", "city"])), max_size=20)
type Rows = list[tuple[int, int, str]]


def count(part: Rows) -> HourCounts:
    """Count rows, each an hour, a cell and an unfamiliar feature, one by one."""
    starts = sorted({hour for hour, _, _ in part})
    of_hours = [[row for row in part if row[0] == hour] for hour in starts]
    noticed = [Counter(name for _, _, name in of_hour if name) for of_hour in of_hours]
    return HourCounts(
        starts=np.array(starts, np.int64) * np.timedelta64(1, "h") + np.datetime64("2026-11-01", "us"),
        rows=np.array([len(of_hour) for of_hour in of_hours], np.int64),
        unfamiliar=np.array([sum(notes.values()) for notes in noticed], np.int64),
        combinations=np.array([notes["city"] for notes in noticed], np.int64),
        cells=np.array(
            [np.bincount([cell for _, cell, _ in of_hour], minlength=3) for of_hour in of_hours], np.int64
        ).reshape(-1, 3),
        notes=[RowNotes(notes, {"city": Counter(new=notes["city"])} if notes["city"] else {}) for notes in noticed],
    )


def shown(counts: HourCounts) -> list[object]:
    arrays = (counts.starts, counts.rows, counts.unfamiliar, counts.combinations, counts.cells)
    return [*(array.tolist() for array in arrays), list(counts.notes)]


@given(st.lists(rows, min_size=1, max_size=4))
def test_the_counts_of_parts_are_those_of_all_rows(parts: list[Rows]) -> None:
    joined = HourCounts.join([count(part) for part in parts])

    assert shown(joined) == shown(count([row for part in parts for row in part]))


@given(rows)
def test_hours_between_two_times_are_those_of_the_rows_between_them(part: Rows) -> None:
    first, last = np.datetime64("2026-11-01T01", "us"), np.datetime64("2026-11-01T03", "us")

    assert shown(count(part).between(first, last)) == shown(count([row for row in part if row[0] in (1, 2)]))
