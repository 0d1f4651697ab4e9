"""From a record to lines of the log."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from preprocessing import objects
from refrain.lake.capture.lines import MAX_LINE_BYTES, prediction_lines, sampled
from refrain.lake.capture.record import OtherAnswers, Record, prediction_ids

if TYPE_CHECKING:
    from tests.unit.lake.capture.conftest import MakeRecord

PROPERTY = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def read(line: str) -> dict[str, Any]:
    """Parse a line strictly: NaN is not JSON."""
    return dict(json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} in a line")))


def test_a_line_says_who_answered_what_to_whom(make_record: MakeRecord) -> None:
    (line,) = prediction_lines(make_record(request="r-1"))

    document = read(line)
    time = document.pop("time")
    assert time.endswith("Z")
    assert len(time) == len("2026-11-23T12:00:00.000Z")
    assert document == {
        "capture": 1,
        "model": "shops",
        "version": "v1",
        "milliseconds": 1.235,
        "classes": ["no", "yes"],
        "request": "r-1",
        "rows": [
            {
                "id": "a-000",
                "instance": {
                    "spent": 7,
                    "member": True,
                    "joined": "2026-01-31T08:00:00.000000Z",
                    "city 100%": 'Zü"rich',
                    "who": "p1",
                    "at": "2026-11-20",
                },
                "answer": [0.25, 0.75],
            },
            {
                "id": "a-001",
                "instance": {
                    "spent": 1.25,
                    "member": False,
                    "joined": "2026-02-01T00:00:00.500000Z",
                    "city 100%": None,
                    "at": 1.5,
                },
                "answer": [1.0, 0.0],
                "unfamiliar": ["spent", "joined"],
            },
            {
                "id": "a-002",
                "instance": {"spent": None, "member": None, "joined": None, "city 100%": "50% %s"},
                "answer": [0.5, 0.5],
            },
        ],
    }


def test_a_line_is_one_line_of_ascii(make_record: MakeRecord) -> None:
    (line,) = prediction_lines(make_record(columns={"city 100%": objects(["a\nb", "c\u2028d", "é"])}))

    assert line.isascii()
    assert len(line.splitlines()) == 1


def test_a_regression_has_no_classes_and_one_value(make_record: MakeRecord) -> None:
    (line,) = prediction_lines(make_record(classes=None, answers=["1.5", "2", "3e+20"]))

    assert read(line)["classes"] is None
    assert [row["answer"] for row in read(line)["rows"]] == [[1.5], [2.0], [3e20]]


def test_the_other_versions_answers_stand_beside_with_nothing_where_it_had_none(make_record: MakeRecord) -> None:
    (line,) = prediction_lines(make_record(other=OtherAnswers("v2", ["b", "a"], ["0.5,0.5", "", "0.1,0.9"], 2.0)))

    answers = [[0.5, 0.5], [], [0.1, 0.9]]
    assert read(line)["other"] == {"version": "v2", "classes": ["b", "a"], "milliseconds": 2.0, "answers": answers}


@PROPERTY
@given(value=st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), st.lists))
def test_whatever_was_sent_aside_the_line_can_be_read(make_record: MakeRecord, value: Any) -> None:
    (line,) = prediction_lines(make_record(identity={"who": [value] * 3}))

    sent = read(line)["rows"][0]["instance"]
    assert sent.get("who") == value or "who" not in sent


def many(make_record: MakeRecord, rows: int, length: int) -> Record:
    return make_record(
        ids=prediction_ids(rows),
        columns={"city 100%": objects([f"{row:06d}" + "é" * length for row in range(rows)])},
        identity={},
        answers=["0.5,0.5"] * rows,
        unfamiliar=[[]] * rows,
        other=OtherAnswers("v2", None, [f"{row},0" for row in range(rows)], 1.0),
    )


@pytest.mark.parametrize(("rows", "length"), [(1000, 40), (1000, 100), (30, 3000)])
def test_a_long_request_becomes_several_lines_and_loses_nothing(
    make_record: MakeRecord, rows: int, length: int
) -> None:
    record = many(make_record, rows, length)

    written = prediction_lines(record)

    assert all(len(line) <= MAX_LINE_BYTES for line in written)
    assert len(written) > 1
    documents = [read(line) for line in written]
    assert [row["id"] for each in documents for row in each["rows"]] == record.ids
    assert [answer[0] for each in documents for answer in each["other"]["answers"]] == list(range(rows))


def test_a_row_longer_than_a_line_is_left_out_and_logged(
    make_record: MakeRecord, caplog: pytest.LogCaptureFixture
) -> None:
    columns = {"city 100%": objects(["a", "é" * MAX_LINE_BYTES, "c"])}

    with caplog.at_level(logging.WARNING):
        (line,) = prediction_lines(make_record(columns=columns))

    assert [row["id"] for row in read(line)["rows"]] == ["a-000", "a-002"]
    assert [record.message for record in caplog.records] == ["row too long to capture"]


def test_a_share_is_taken_by_the_id_and_says_the_same_of_it_every_time(make_record: MakeRecord) -> None:
    record = many(make_record, 1000, 0)

    half = [row["id"] for line in prediction_lines(record, 0.5) for row in read(line)["rows"]]
    tenth = [row["id"] for line in prediction_lines(record, 0.1) for row in read(line)["rows"]]

    assert half == [record.ids[place] for place in sampled(record.ids, 0.5)]
    assert set(tenth) < set(half)
    assert prediction_lines(record, 0.0) == []
    heard = [answer[0] for line in prediction_lines(record, 0.1) for answer in read(line)["other"]["answers"]]
    assert heard == sampled(record.ids, 0.1)


@pytest.mark.parametrize("share", [0.01, 0.3, 0.9])
def test_the_share_is_about_what_was_asked_for(share: float) -> None:
    ids = [identity for _ in range(20_000) for identity in prediction_ids(1)]

    assert len(sampled(ids, share)) / len(ids) == pytest.approx(share, abs=0.02)
