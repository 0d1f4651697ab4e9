"""Labels in, labels out: which one counts."""

from __future__ import annotations

import itertools
import json
import tracemalloc
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preprocessing import Definition, parse_definition
from refrain.errors import StorageUnavailable
from refrain.lake.label import (
    Label,
    LabelBatch,
    arriving_labels,
    check_labels,
    count_labelled,
    label_digest,
    read_labels,
    write_batch,
    write_labels,
)
from refrain.times import to_iso
from tests.unit.serving.tiny import Lake, candidate

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def define(target: dict[str, Any], task: str = "classification") -> Definition:
    estimator = "LinearRegression" if task == "regression" else "LogisticRegression"
    columns = {"x": {"type": "number"}, "y": target}
    document = {"task": task, "target": "y", "columns": columns, "training": candidate(estimator)}
    return parse_definition("shops", document, "shops.toml")


def said(value: object, received: datetime) -> Label:
    return Label(value, np.datetime64(received.replace(tzinfo=None), "us"))


def test_a_call_is_one_object_in_the_folder_of_its_hour() -> None:
    lake = Lake()

    digest = write_labels(lake, "shops", [("a", "yes"), ("b", None)], NOON)

    (key,) = lake.keys("labels/")
    assert key == f"labels/shops/2026/11/23/12/0000000000-{digest}.json"
    assert lake.read_json(key) == {
        "model": "shops",
        "received_at": "2026-11-23T12:00:00.000000Z",
        "source": "api",
        "labels": [{"prediction_id": "a", "label": "yes"}, {"prediction_id": "b", "label": None}],
    }


def test_a_call_whose_answer_was_lost_is_written_once() -> None:
    lake = Lake()

    assert write_labels(lake, "shops", [("a", 1)], NOON) == write_labels(lake, "shops", [("a", 1)], NOON)

    assert len(lake.keys("labels/")) == 1


def test_a_failed_write_leaves_nothing() -> None:
    class Down(Lake):
        def write(self, key: str, data: bytes) -> None:
            raise StorageUnavailable(key, "it is down")

    lake = Down()
    with pytest.raises(StorageUnavailable):
        write_labels(lake, "shops", [("a", 1)], NOON)
    assert read_labels(lake, "shops") == {}


def test_a_repeated_label_counts_from_its_first_time() -> None:
    lake = Lake()
    for hours in (2, 0, 1):
        write_labels(lake, "shops", [("a", "yes")], NOON + hours * HOUR)

    assert read_labels(lake, "shops") == {"a": said("yes", NOON)}


def test_the_last_of_contradicting_labels_counts_and_all_are_kept() -> None:
    lake = Lake()
    for hours, value in ((1, "no"), (0, "yes"), (2, "yes"), (3, "yes")):
        write_labels(lake, "shops", [("a", value)], NOON + hours * HOUR)

    assert read_labels(lake, "shops") == {"a": said("yes", NOON + 2 * HOUR)}
    assert len(lake.keys("labels/shops/")) == 4


def test_a_correction_that_is_taken_back_in_the_same_minute_counts() -> None:
    lake = Lake()
    for milliseconds, value in enumerate(("yes", "no", "yes")):
        write_labels(lake, "shops", [("a", value)], NOON + timedelta(milliseconds=milliseconds))

    assert read_labels(lake, "shops")["a"].value == "yes"


def test_the_last_label_of_an_id_in_one_call_counts() -> None:
    lake = Lake()
    write_labels(lake, "shops", [("a", 1), ("b", 2), ("a", 3)], NOON)

    assert {name: label.value for name, label in read_labels(lake, "shops").items()} == {"a": 3, "b": 2}


def test_labels_are_read_from_the_hours_asked_for() -> None:
    lake = Lake()
    for hours in range(5):
        write_labels(lake, "shops", [(f"p{hours}", 1)], NOON + hours * HOUR)
    write_labels(lake, "shops-2", [("other", 1)], NOON)

    assert set(read_labels(lake, "shops", NOON + HOUR, NOON + 3 * HOUR)) == {"p1", "p2", "p3"}
    assert set(read_labels(lake, "shops", NOON + 4 * HOUR)) == {"p4"}


@settings(max_examples=100, deadline=None)
@given(
    calls=st.lists(
        st.tuples(
            st.integers(0, 3),
            st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["yes", "no", 1, 1.0, True])), min_size=1),
        ),
        max_size=6,
    ),
    order=st.randoms(use_true_random=False),
)
def test_in_any_order_and_with_repeats_the_same_labels_count(calls: list[tuple[int, Any]], order: Any) -> None:
    def read(some: list[tuple[int, Any]]) -> dict[str, Label]:
        lake = Lake()
        for hours, labels in some:
            write_labels(lake, "shops", labels, NOON + hours * HOUR)
        return read_labels(lake, "shops")

    shuffled = calls + calls[:2]
    order.shuffle(shuffled)
    assert repr(sorted(read(shuffled).items())) == repr(sorted(read(calls).items()))


@pytest.mark.parametrize(
    ("target", "task", "fine", "refused"),
    [
        (
            {"type": "category", "allowed": ["no", "yes"], "lower": True},
            "classification",
            ["yes", "YES", " no "],
            [("maybe", "expected one of no, yes"), (None, "is required"), ("", "is required"), ([], "expected text")],
        ),
        ({"type": "category"}, "classification", ["never seen", 7, True], [({}, "expected text")]),
        ({"type": "boolean"}, "classification", [True, 0, "yes"], [("perhaps", "expected true or false")]),
        (
            {"type": "number", "min": 0},
            "regression",
            [1, "2.5", 0.0],
            [(-1, "expected at least 0"), ("x", "expected a number"), (float("inf"), "expected a finite number")],
        ),
    ],
    ids=["allowed", "any text", "boolean", "number"],
)
def test_a_label_is_checked_like_the_target_of_an_upload(
    target: dict[str, Any], task: str, fine: list[Any], refused: list[tuple[Any, str]]
) -> None:
    definition = define(target, task)

    assert check_labels(definition, fine) == []
    problems = check_labels(definition, [*fine, *(value for value, _ in refused)])
    assert [problem.row for problem in problems] == list(range(len(fine), len(fine) + len(refused)))
    for problem, (_, reason) in zip(problems, refused, strict=True):
        assert problem.reason.startswith(reason)


def test_a_digest_tells_calls_apart() -> None:
    calls: list[list[tuple[str, object]]] = [[("a", 1)], [("a", "1")], [("a", True)], [("b", 1)]]
    calls += [[("a", 1), ("b", 1)], [("b", 1), ("a", 1)]]

    digests = [label_digest(model, call) for model, call in itertools.product(("m", "n"), calls)]

    assert len(set(digests)) == len(digests)


@given(st.text())
def test_any_text_can_be_kept(text: str) -> None:
    lake = Lake()
    write_labels(lake, "shops", [("a", text)], NOON)

    (key,) = lake.keys("labels/")
    assert json.loads(lake.read(key).data)["labels"][0]["label"] == text


def test_times_and_keys_sort_as_text() -> None:
    moments = [NOON + timedelta(microseconds=step) for step in (0, 1, 999_999, 1_000_000, 10**9)]

    times = [to_iso(moment, "microseconds") for moment in moments]

    assert sorted(times) == times
    names = [LabelBatch.key("shops", moment, "d") for moment in moments]
    assert sorted(names) == names


def test_labelled_predictions_are_counted_once_and_no_further_than_needed() -> None:
    lake = Lake()
    for hour in range(30):
        write_labels(lake, "shops", [("a", hour), (f"p{hour}", 1)], NOON + hour * HOUR)

    assert count_labelled(lake, "shops", None, NOON + 30 * HOUR, 100) == 31
    assert count_labelled(lake, "shops", NOON, NOON + 30 * HOUR, 100) == 30
    lake.reads.clear()
    assert count_labelled(lake, "shops", None, NOON + 30 * HOUR, 2) == 2
    assert len(lake.reads) <= 16


LABELS = st.lists(st.tuples(st.text(max_size=5), st.none() | st.booleans() | st.floats(-9, 9) | st.text(max_size=5)))


@given(LABELS, st.lists(st.integers(0, 300), max_size=8))
def test_a_batch_is_the_same_wherever_its_chunks_end(labels: list[tuple[str, Any]], ends: list[int]) -> None:
    file = BytesIO()
    write_batch(file, "shops", "upload", labels, NOON)
    data, places = file.getvalue(), sorted(ends)
    chunks = [data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True)]

    pieces = list(LabelBatch.in_pieces(chunks))

    assert [entry for piece in pieces for entry in piece.labels] == json.loads(data)["labels"]
    assert {piece.received_at for piece in pieces} == {to_iso(NOON, "microseconds")}


def test_memory_holds_a_piece_of_an_uploaded_file_and_not_all_of_its_labels() -> None:
    lake, file = Lake(), BytesIO()
    write_batch(file, "shops", "upload", ((f"{place:020}", True) for place in range(100_000)), NOON)
    lake.write(LabelBatch.key("shops", NOON, "d"), file.getvalue())
    tracemalloc.start()

    rows = sum(1 for _ in arriving_labels(lake, "shops"))

    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    assert rows == 100_000
    assert peak < 15  # all labels at once take 45 MB
