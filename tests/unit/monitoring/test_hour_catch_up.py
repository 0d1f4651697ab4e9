"""Captured files and labels are reduced once, whatever order they come in, however often, and wherever a report breaks.

What a report reads from the statistics is what it would count in all lines and all labels at once.
"""

from __future__ import annotations

import gzip
import json
import math
import tracemalloc
from collections import Counter
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refrain.errors import StorageUnavailable
from refrain.lake.capture.predictions import join_labels, read_captured
from refrain.lake.capture.reading import captured_key
from refrain.lake.deployment import Deployment, Served
from refrain.lake.hour_index import HourFolder
from refrain.lake.label import read_labels, write_labels
from refrain.monitoring import hour_catch_up, hour_reduction, label_reduction, window_statistics
from refrain.monitoring.captured_statistics import hours_of, observe_rows
from refrain.monitoring.hour_catch_up import reduce_captured
from refrain.monitoring.served_version import read_served_version
from refrain.monitoring.watched_cells import WatchedCells
from refrain.times import to_iso
from tests.unit.monitoring.conftest import DOCUMENT, customers
from tests.unit.monitoring.world import BEGINNING, World
from tests.unit.serving.tiny import Lake

if TYPE_CHECKING:
    from refrain.monitoring.observed_hours import ObservedHours
    from refrain.monitoring.served_version import ServedVersion

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
END = BEGINNING + 8 * HOUR
PEOPLE, ANSWERS, BOUGHT = customers(40, seed=7, city="Atlantis")


@cache
def served() -> tuple[Lake, ServedVersion]:
    """The lake and the version that every example begins with."""
    lake = Lake()
    world = World.of(lake, "shop", DOCUMENT)
    people, answers, _ = customers(500, seed=1)
    name = world.serve(people, answers)
    return lake, read_served_version(lake, "shop", Served(name, to_iso(BEGINNING), "roc_auc", None))


@dataclass(frozen=True)
class Sent:
    """A prediction: its row, the minute in which it was answered, and the file that it is delivered in."""

    row: int
    minute: int
    file: int
    other: bool = False

    @property
    def identity(self) -> str:
        asked = BEGINNING + self.minute * MINUTE
        return f"{int(asked.timestamp() * 1000):011x}{self.row:010x}-000"

    def line(self, version: str) -> str:
        row = {name: PEOPLE[self.row][name] for name in ("age", "amount", "city")}
        captured = {"id": self.identity, "instance": row, "answer": ANSWERS[self.row].tolist()}
        if self.row % 3 == 0:
            captured["unfamiliar"] = ["age", "city"][: 1 + self.row % 2]
        elif self.row % 3 == 1:
            captured["unfamiliar_combination"] = ["age", "amount"][: self.row % 2]
        head = {"capture": 1, "model": "shop", "version": "another" if self.other else version, "milliseconds": 1.0}
        time = f"{(BEGINNING + self.minute * MINUTE).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
        return json.dumps(head | {"time": time, "classes": ["false", "true"], "rows": [captured]})


def deliver(lake: Lake, version: ServedVersion, sent: list[Sent], damaged: int = 0) -> None:
    """Write the files of these predictions, each in the folder of the hour after its number."""
    for file in {each.file for each in sent}:
        lines = [each.line(version.name) for each in sent if each.file == file] + ["{"] * damaged
        folder = BEGINNING + (file % 8) * HOUR
        lake.write(captured_key("shop", folder, f"file-{file}"), gzip.compress("\n".join(lines).encode()))


def fresh_lake() -> tuple[Lake, ServedVersion]:
    original, version = served()
    lake = Lake()
    for key in original.keys(""):
        lake.write(key, original.read(key).data)
    return lake, version


def reduce(lake: Lake, version: ServedVersion, now: datetime, end: float = math.inf) -> ObservedHours:
    cells = WatchedCells.of(version)
    folder = HourFolder(lake, "shop", version.name, cells.scheme(3600))
    return reduce_captured(folder, version, cells, 3600, BEGINNING, now, end)


def shown(observed: ObservedHours) -> list[Any]:
    """Everything that a report reads of all hours."""
    counts = observed.count(BEGINNING, END)
    if counts is None:
        return []
    sample = observed.sample(counts, BEGINNING, END, 20_000)
    arrays = (counts.starts, counts.rows, counts.unfamiliar, counts.combinations, counts.cells)
    return [*(array.tolist() for array in arrays), list(counts.notes), sample.hashes.tolist(), sample.matrix.tolist()]


def counted_at_once(lake: Lake, version: ServedVersion) -> list[Any]:
    """The same, from all lines at once."""
    captured = read_captured(lake, "shop", BEGINNING, END).of(version.name)
    if not len(captured):
        return []
    rows, columns = observe_rows(version, captured)
    unfamiliar = [row.unfamiliar for row in captured.rows]
    counts = WatchedCells.of(version).count(rows, columns, unfamiliar, hours_of(rows.times, 3600))
    order = np.argsort(rows.hashes)
    arrays = (counts.starts, counts.rows, counts.unfamiliar, counts.combinations, counts.cells)
    return [
        *(array.tolist() for array in arrays),
        list(counts.notes),
        rows.hashes[order].tolist(),
        rows.matrix[order].tolist(),
    ]


predictions = st.lists(
    st.builds(
        Sent, row=st.integers(0, 39), minute=st.integers(0, 6 * 60), file=st.integers(0, 15), other=st.booleans()
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None)
@given(st.lists(predictions, min_size=1, max_size=4), st.integers(0, 2), st.data())
def test_what_is_delivered_bit_by_bit_counts_as_if_it_came_at_once(
    deliveries: list[list[Sent]], damaged: int, data: st.DataObject
) -> None:
    lake, version = fresh_lake()
    files: set[int] = set()
    for sent in deliveries:  # a line may come again in another file, and an old hour's file late
        deliver(lake, version, [each for each in sent if each.file not in files], damaged)
        files |= {each.file for each in sent}
        if data.draw(st.booleans()):
            reduce(lake, version, END)

    observed = reduce(lake, version, END)

    assert shown(observed) == counted_at_once(lake, version)
    assert observed.damaged == damaged * len(files)
    assert shown(reduce(lake, version, END)) == shown(observed)


class Broken(Lake):
    """A lake that breaks off at the write of a number."""

    def __init__(self, lake: Lake, writes: int) -> None:
        super().__init__()
        self._store, self._writes = lake._store, writes

    def _put(self, key: str, content: Any, **options: Any) -> None:
        if self._writes == 0:
            raise StorageUnavailable(key, "a crash")
        self._writes -= 1
        super()._put(key, content, **options)


@pytest.mark.parametrize("writes", range(15))
def test_a_crash_anywhere_leaves_nothing_half(writes: int) -> None:
    lake, version = fresh_lake()
    sent = [Sent(row, 9 * row, row % 5) for row in range(40)]
    deliver(lake, version, sent[:20])
    with patch.object(hour_catch_up, "MAX_BATCH_ROWS", 5):
        label(lake, sent[:20], END)
        with pytest.raises(StorageUnavailable) if writes < 14 else nullcontext():
            reduce(Broken(lake, writes), version, END)
        deliver(lake, version, [Sent(each.row, each.minute, each.file + 8) for each in sent[15:]])
        label(lake, sent[20:], END + MINUTE)

        observed = reduce(lake, version, END + HOUR)

    assert shown(observed) == counted_at_once(lake, version)
    assert measured(observed, version) == measured_at_once(lake, version)


def test_the_same_files_and_labels_are_the_same_bytes_under_the_same_names() -> None:
    written = []
    for _ in range(2):
        lake, version = fresh_lake()
        sent = [Sent(row, 9 * row, row % 5) for row in range(40)]
        deliver(lake, version, sent)
        label(lake, sent[:20], END)
        reduce(lake, version, END)
        written.append({key: lake.read(key).data for key in lake.keys("hours/")})

    assert written[0] == written[1]
    assert {key.split(".")[-2] for key in written[0] if key.endswith("npz")} == {"counts", "ids", "labelled", "rows"}


def test_two_reports_at_once_count_each_file_once() -> None:
    lake, version = fresh_lake()
    deliver(lake, version, [Sent(row, 9 * row, 0) for row in range(20)])
    read_index = HourFolder.read_index
    raced: list[bool] = []

    def read_and_be_overtaken(folder: HourFolder) -> Any:
        index = read_index(folder)
        if not raced:
            raced.append(True)
            deliver(lake, version, [Sent(row, 9 * row, 1) for row in range(10, 30)])
            reduce(lake, version, END)
        return index

    with patch.object(HourFolder, "read_index", read_and_be_overtaken):
        observed = reduce(lake, version, END)

    assert shown(observed) == counted_at_once(lake, version)


def test_without_time_the_oldest_files_are_read_first_and_the_others_wait() -> None:
    lake, version = fresh_lake()
    deliver(lake, version, [Sent(row, 60 * row, row) for row in range(6)])
    assert [reduce(lake, version, END, end=0.0).waiting for _ in range(2)] == [6, 6]

    ticks = iter([0.0, *[600.0] * 9])
    with patch("refrain.monitoring.hour_catch_up.time.monotonic", lambda: next(ticks)):
        first = reduce(lake, version, END, end=600.0)

    assert first.waiting == 5
    counts = first.count(BEGINNING, END)
    assert counts and counts.starts.tolist() == [BEGINNING.replace(tzinfo=None)]
    assert shown(reduce(lake, version, END)) == counted_at_once(lake, version)


def test_a_report_opens_only_what_is_new_and_counts_what_was_brought_back_days_later() -> None:
    lake, version = fresh_lake()
    deliver(lake, version, [Sent(row, 60 * row, row) for row in range(6)])
    reduce(lake, version, END)
    deliver(lake, version, [Sent(7, 60, 8)])
    lake.reads.clear()

    observed = reduce(lake, version, END + 60 * HOUR)

    assert [key for key in lake.reads if key.startswith("captured/")] == [captured_key("shop", BEGINNING, "file-8")]
    assert shown(observed) == counted_at_once(lake, version)


def test_a_dense_hour_keeps_a_fair_sample_and_counts_every_row() -> None:
    lake, version = fresh_lake()
    sent = [
        Sent(row, minute, file) for file in (0, 1) for minute in range(100) for row in range(20 * file, 20 * file + 20)
    ]
    deliver(lake, version, sent)
    with patch.object(hour_reduction, "MAX_HOUR_SAMPLE", 200):
        observed = reduce(lake, version, END)

    counts = observed.count(BEGINNING, END)
    assert counts
    sample = observed.sample(counts, BEGINNING, END, 20_000)
    assert counts.rows.tolist() == [2400, 1600]
    everything = np.sort(observe_rows(version, read_captured(lake, "shop"))[0].hashes)
    assert sample.hashes.tolist() == everything[: len(sample)].tolist()
    assert 200 <= len(sample) <= 400


def label(lake: Lake, sent: list[Sent], received: datetime, wrong: bool = False) -> None:
    labels = [(each.identity, BOUGHT[each.row] is not wrong) for each in sent]
    if labels:
        write_labels(lake, "shop", labels, received)


def measured(observed: ObservedHours, version: ServedVersion) -> list[Any]:
    sample = observed.sample_labelled(version, BEGINNING, END + 2 * HOUR)
    rows = zip(sample.rows.answers.tolist(), sample.truth.tolist(), sample.delays.tolist(), strict=True)
    return [sorted(rows), pytest.approx(sample.share)]


def measured_at_once(lake: Lake, version: ServedVersion) -> list[Any]:
    """The same, from all lines and all labels at once."""
    captured = read_captured(lake, "shop").of(version.name)
    joined = join_labels(captured, read_labels(lake, "shop"))
    target, _ = joined.target(version.definition)
    rows = zip(joined.captured.answers.tolist(), target.tolist(), joined.delays.tolist(), strict=True)
    share = len(joined) / max(len(captured), 1)
    return [sorted(rows), share]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(predictions, predictions, st.booleans(), st.booleans()), min_size=1, max_size=5))
def test_labels_find_their_rows_in_any_order_and_the_last_one_counts(
    steps: list[tuple[list[Sent], list[Sent], bool, bool]],
) -> None:
    lake, version = fresh_lake()
    files: set[int] = set()
    for number, (sent, labelled, wrong, report) in enumerate(steps):
        deliver(lake, version, [each for each in sent if each.file not in files])
        files |= {each.file for each in sent}
        label(lake, labelled, END + number * MINUTE, wrong)
        if report:
            reduce(lake, version, END + HOUR)

    observed = reduce(lake, version, END + HOUR)

    assert measured(observed, version) == measured_at_once(lake, version)


@pytest.mark.parametrize(
    ("module", "limit"), [(label_reduction, "MAX_KEPT_LABELS"), (window_statistics, "MAX_SAMPLED_ROWS")]
)
def test_of_many_labels_a_fair_sample_is_kept_and_the_share_is_that_of_all(module: Any, limit: str) -> None:
    lake, version = fresh_lake()
    sent = [Sent(row, minute, minute % 8) for minute in range(100) for row in range(40)]
    deliver(lake, version, sent)
    label(lake, sent[::2], END)
    with patch.object(module, limit, 500), patch.object(hour_reduction, "MAX_HOUR_SAMPLE", 1500):
        observed = reduce(lake, version, END + HOUR)

    sample = observed.sample_labelled(version, BEGINNING, END + HOUR)
    assert len(sample) == 500 == len(observed.labels.labels)
    assert sample.share == pytest.approx(0.5, abs=0.1)
    rates = Counter(sample.truth.tolist())
    expected = np.mean([BOUGHT[each.row] for each in sent[::2]])
    assert rates[1.0] / 500 == pytest.approx(expected, abs=4 * 0.5 / 500**0.5)


def test_of_an_uploaded_file_of_labels_a_report_holds_a_piece() -> None:
    lake, version = fresh_lake()
    ids = [f"{int(BEGINNING.timestamp() * 1000):011x}{row:010x}-000" for row in range(100_000)]
    write_labels(lake, "shop", [(identity, True) for identity in ids], BEGINNING)
    tracemalloc.start()
    with patch.object(label_reduction, "MAX_KEPT_LABELS", 1000):
        observed = reduce(lake, version, END)
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()

    assert len(observed.labels.labels) == 1000
    assert peak < 20  # the labels of the whole file take 60 MB


def test_a_label_that_comes_before_its_row_waits_for_it_for_a_day() -> None:
    lake, version = fresh_lake()
    sent = [Sent(row, 9 * row, 0) for row in range(20)]
    label(lake, sent, BEGINNING + 4 * HOUR)
    assert len(reduce(lake, version, END).sample_labelled(version, BEGINNING, END)) == 0
    deliver(lake, version, sent)

    assert len(reduce(lake, version, END).sample_labelled(version, BEGINNING, END)) == 20


def test_the_deployed_version_has_an_index_of_its_own() -> None:
    lake, version = fresh_lake()
    deliver(lake, version, [Sent(row, 9 * row, 0) for row in range(20)])
    reduce(lake, version, END)

    assert Deployment.read(lake, "shop").champion_version == version.name
    (index,) = [key for key in lake.keys("hours/") if key.endswith("index.json")]
    assert index.startswith(f"hours/shop/{version.name}/")


def test_rows_with_an_unfamiliar_combination_are_counted_apart_too() -> None:
    lake, version = fresh_lake()
    deliver(lake, version, [Sent(row, 0, 0) for row in range(6)])
    captured = read_captured(lake, "shop", BEGINNING, END).of(version.name)
    rows, columns = observe_rows(version, captured)

    unfamiliar = [row.unfamiliar for row in captured.rows]
    counts = WatchedCells.of(version).count(rows, columns, unfamiliar, hours_of(rows.times, 3600))

    assert (counts.rows.sum(), counts.unfamiliar.sum(), counts.combinations.sum()) == (6, 4, 2)
    assert counts.notes[0].unfamiliar == {"age": 3, "city": 1}
