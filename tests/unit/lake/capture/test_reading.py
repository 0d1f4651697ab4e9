"""From the lines in the lake back to predictions."""

from __future__ import annotations

import gzip
import json
import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from refrain.lake.capture.lines import prediction_lines
from refrain.lake.capture.predictions import Captured, read_captured
from refrain.lake.capture.reading import captured_key
from refrain.lake.capture.record import OtherAnswers
from tests.unit.lake.capture.conftest import NOON, deliver
from tests.unit.serving.tiny import Lake

if TYPE_CHECKING:
    from preprocessing import Definition
    from tests.unit.lake.capture.conftest import MakeRecord

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def line(identity: str, minutes: float = 0, **changes: Any) -> str:
    """A line of one prediction, made some minutes after noon."""
    time = f"{(NOON + minutes * MINUTE).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
    row = {"id": identity, "instance": {"spent": minutes}, "answer": [0.5, 0.5]}
    head = {"capture": 1, "model": "shops", "version": "v1", "time": time, "milliseconds": 1, "classes": ["no", "yes"]}
    return json.dumps(head | {"rows": [row]} | changes)


def test_what_was_written_is_read_back(make_record: MakeRecord, definition: Definition) -> None:
    # Given a record with a challenger's answers, delivered
    lake, record = Lake(), make_record(other=OtherAnswers("v2", ["b", "a"], ["0.5,0.5", "", "0.1,0.9"], 2.0))
    deliver(lake, *prediction_lines(record))

    # When it is read
    captured = read_captured(lake, "shops")

    # Then it is all there
    assert captured.ids == record.ids
    assert [row.version for row in captured.rows] == ["v1"] * 3
    assert captured.answers.tolist() == [[0.25, 0.75], [1.0, 0.0], [0.5, 0.5]]
    assert {row.classes for row in captured.rows} == {("no", "yes")}
    assert [row.unfamiliar for row in captured.rows] == [(), ("spent", "joined"), ()]
    assert [row.other for row in captured.rows] == [(0.5, 0.5), (), (0.1, 0.9)]
    assert {(row.other_version, row.other_classes) for row in captured.rows} == {("v2", ("b", "a"))}
    assert captured.times.dtype == np.dtype("datetime64[us]")

    # And typed by the definition it is what was encoded
    columns, problems = captured.columns(definition, tuple(record.columns))
    assert problems == []
    for name, array in record.columns.items():
        np.testing.assert_array_equal(columns[name], array)


def test_times_bound_predictions_and_not_deliveries(make_record: MakeRecord) -> None:
    lake = Lake()
    deliver(lake, line("a", 0), line("b", 30), name="one")
    deliver(lake, line("c", 59), line("d", 61), moment=NOON + 3 * HOUR, name="late")
    deliver(lake, line("e", 0), moment=NOON - 5 * HOUR, name="never so early")

    assert read_captured(lake, "shops", NOON + 30 * MINUTE, NOON + HOUR).ids == ["b", "c"]
    assert read_captured(lake, "shops", NOON).ids == ["a", "b", "c", "d"]
    assert read_captured(lake, "shops").ids == ["a", "b", "c", "d", "e"]


def test_lines_of_another_model_are_not_read(make_record: MakeRecord) -> None:
    lake = Lake()
    lake.write(captured_key("shops-2", NOON, "x"), gzip.compress(line("a").encode()))

    assert len(read_captured(lake, "shops")) == 0


@pytest.mark.parametrize(
    ("content", "damaged"),
    [
        (b"not gzip", 1),
        (gzip.compress(line("a").encode())[:-9], 1),
        (gzip.compress(b"\xff\xfe"), 1),
        (gzip.compress(b'{"capture": 1}\n{"rows": 7}\n[]\nnothing\n'), 4),
        (gzip.compress(line("a", time="yesterday").encode()), 1),
        (gzip.compress(line("a", rows=[{"id": "a"}]).encode()), 1),
    ],
    ids=["no archive", "cut off", "no text", "no lines of ours", "no time", "half a row"],
)
def test_what_is_damaged_is_counted_and_harms_nothing_else(content: bytes, damaged: int) -> None:
    lake = Lake()
    lake.write(captured_key("shops", NOON, "damaged"), content)
    deliver(lake, line("sound"))

    captured = read_captured(lake, "shops")

    assert (captured.ids, captured.damaged) == (["sound"], damaged)


def test_lines_that_were_glued_together_are_told_apart() -> None:
    lake = Lake()
    lake.write(captured_key("shops", NOON, "x"), gzip.compress((line("a") + line("b") + " " + line("c")).encode()))

    assert read_captured(lake, "shops").ids == ["a", "b", "c"]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sent=st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 3)), max_size=12), seed=st.integers(0, 9))
def test_in_any_order_and_with_repeats_the_same_is_read(sent: list[tuple[str, int]], seed: int) -> None:
    """Even lines that contradict each other, which nobody writes, are read the same whatever their order."""
    written = [line(name, minutes) for name, minutes in sent]

    def read(some: list[str], files: int) -> Captured:
        lake = Lake()
        for file in range(files):
            deliver(lake, *some[file::files], moment=NOON + file * HOUR, name=str(file))
        return read_captured(lake, "shops")

    shuffled = written + written[: len(written) // 2]
    random.Random(seed).shuffle(shuffled)
    assert read(shuffled, 1 + seed % 3).rows == read(written, 1).rows
