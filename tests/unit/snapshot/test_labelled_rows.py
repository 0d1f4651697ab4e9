"""Labelled predictions as rows to learn from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from refrain.lake.capture.predictions import Captured, CapturedRow, join_labels
from refrain.lake.label import Label
from refrain.lake.receipt_choice import choose_receipts, window_start
from refrain.lake.snapshot import LabelCounts, LabelReason
from refrain.snapshot.data_summary import summarise_data
from refrain.snapshot.labelled_rows import NO_LABELS, LabelledRows, labelled_rows
from refrain.snapshot.snapshot_kind import RunData, SnapshotKind
from refrain.snapshot.take import snapshot_digest
from tests.unit.snapshot.frozen import freeze, part, sides, store

if TYPE_CHECKING:
    from preprocessing import Definition
    from refrain.aws.storage import Store
    from tests.unit.snapshot.conftest import Define, MakeReceipt


def moment(day: str) -> np.datetime64:
    return np.datetime64(f"2026-{day}", "us")


def row(identity: str, predicted: str = "11-02", **instance: Any) -> CapturedRow:
    """A prediction for someone who spent something."""
    return CapturedRow(
        identity, moment(predicted), "v1", {"spent": 1, "member": True} | instance, (0.5, 0.5), ("no", "yes"), 1.0
    )


def rows_of(definition: Definition, *rows: CapturedRow, **labels: tuple[object, str]) -> LabelledRows:
    given = {name: Label(value, moment(day)) for name, (value, day) in labels.items()}
    return labelled_rows(definition, join_labels(Captured(rows), given))


def shelf(receipts: dict[str, list[dict[str, Any]]]) -> Store:
    """Curated parts with these rows."""
    utc = pa.timestamp("us", tz="UTC")
    return store(
        **{
            name: part(
                at=pa.array([moment(each.get("at", "11-01")).item() for each in rows], utc),
                who=pa.array([each["who"] for each in rows], pa.string()),
                spent=pa.array([float(each["spent"]) for each in rows]),
                member=pa.array([True for _ in rows]),
                back=pa.array([each["back"] for each in rows], pa.string()),
            )
            for name, rows in receipts.items()
        }
    )


def test_a_labelled_prediction_is_a_row_with_its_label_as_target(define: Define) -> None:
    labelled = rows_of(define(key=["who"]), row("a", who="ada", spent="2.5"), a=("yes", "11-05"))

    assert {name: array.tolist() for name, array in labelled.columns.items() if name != "at"} == {
        "who": ["ada"],
        "spent": [2.5],
        "member": [1.0],
        "back": ["yes"],
    }
    assert (labelled.counts.labels, labelled.counts.unmatched, labelled.counts.unusable) == (1, 0, 0)


def test_rows_come_in_the_order_of_their_labels(define: Define) -> None:
    labels = {"a": ("yes", "11-09"), "b": ("no", "11-08"), "c": ("no", "11-08"), "x": ("no", "11-01")}

    labelled = rows_of(define(), row("a"), row("b"), row("c"), **labels)

    assert labelled.columns["back"].tolist() == ["no", "no", "yes"]
    assert labelled.arrived.tolist() == [moment(day).item() for day in ("11-08", "11-08", "11-09")]
    assert labelled.counts.unmatched == 1


def test_the_time_is_the_one_that_was_sent_else_that_of_the_prediction(define: Define) -> None:
    labelled = rows_of(
        define(time="at"),
        row("a", at="2026-10-30T12:00:00Z"),
        row("b"),
        row("c", at=""),
        row("d", at="last week"),
        **dict.fromkeys("abcd", ("yes", "11-05")),
    )

    assert labelled.columns["at"].tolist() == [
        np.datetime64("2026-10-30T12:00:00", "us").item(),
        moment("11-02").item(),
        moment("11-02").item(),
    ]
    assert labelled.counts.reasons[0].column == "at"
    assert labelled.counts.unusable == 1


def test_a_row_whose_key_was_not_sent_might_be_any_and_is_left_out(define: Define) -> None:
    both = {"a": ("yes", "11-05"), "b": ("yes", "11-05")}

    by_person = rows_of(define(key=["who"]), row("a"), row("b", who="bob"), **both)
    by_person_and_time = rows_of(define(key=["who", "at"], time="at"), row("a", who="ada"), row("b", at=0), **both)

    assert by_person.columns["who"].tolist() == ["bob"]
    assert by_person.counts.reasons == [LabelReason("who", "is required", 1)]
    assert len(by_person_and_time) == 0
    assert by_person_and_time.counts.reasons == [
        LabelReason("at", "is required", 1),
        LabelReason("who", "is required", 1),
    ]


def test_a_label_or_a_value_that_the_present_definition_refuses_is_left_out(define: Define) -> None:
    definition = define()
    columns = {**cast(dict[str, Any], definition.document["columns"]), "back": {"type": "category", "allowed": ["yes"]}}
    definition = define(columns=columns | {"spent": {"type": "number", "max": 10}})

    labelled = rows_of(
        definition, row("a"), row("b"), row("c", spent=11), a=("no", "11-05"), b=("yes", "11-05"), c=("yes", "11-05")
    )

    assert len(labelled) == 1
    assert labelled.counts.unusable == 2


def test_of_one_key_the_row_that_came_last_counts_uploaded_or_labelled(
    define: Define, make_receipt: MakeReceipt
) -> None:
    # Given two uploads, and labels before, between and after them
    definition = define(key=["who"], training={"split": "upload", "holdout": 0.5})
    store = shelf(
        {
            "first": [{"who": who, "spent": 1, "back": "no"} for who in ("ada", "bob", "cem")],
            "second": [{"who": "bob", "spent": 2, "back": "no"}],
        }
    )
    receipts = [make_receipt("first", "11-03"), make_receipt("second", "11-06")]
    labelled = rows_of(
        definition,
        *(row(name, who=who, spent=3) for name, who in (("a", "ada"), ("b", "bob"), ("c", "cem"), ("d", "dan"))),
        a=("yes", "11-02"),
        b=("yes", "11-04"),
        c=("yes", "11-08"),
        d=("yes", "11-06"),
    )

    # When they are read and merged
    rows = freeze(store, SnapshotKind(definition), receipts, labelled)

    # Then each person is there once, as was said last; and a label as old as an upload came before it
    kept = [pair for side in sides(rows) for pair in zip(side["who"], side["spent"], strict=True)]
    assert kept == [("ada", 1.0), ("dan", 3.0), ("bob", 2.0), ("cem", 3.0)]
    assert (rows.choice.merged, rows.labelled) == (4, 2)


def test_a_window_of_event_time_holds_for_labelled_rows_too(define: Define, make_receipt: MakeReceipt) -> None:
    definition = define(time="at", training={"window": "5d"})
    store = shelf({"first": [{"who": "ada", "spent": 1, "back": "no", "at": "11-01"}]})
    labelled = rows_of(definition, row("a", "11-02"), row("b", "11-08"), a=("yes", "11-09"), b=("yes", "11-09"))

    rows = freeze(store, SnapshotKind(definition), [make_receipt("first", "11-03")], labelled)

    assert rows.columns["at"].tolist() == [moment("11-08").item()]
    assert (rows.choice.outside, rows.labelled) == (2, 1)


def test_a_window_of_upload_time_reaches_back_from_the_newest_prediction(
    define: Define, make_receipt: MakeReceipt
) -> None:
    definition = define(training={"window": "5d"})
    receipts = [make_receipt("a", "11-01"), make_receipt("b", "11-04")]

    assert window_start(receipts, definition, moment("11-08")) == moment("11-03")
    assert [each.digest for each in choose_receipts(receipts, definition, moment("11-08"))] == ["b"]
    assert [each.digest for each in choose_receipts(receipts, definition, moment("11-02"))] == ["a", "b"]


def test_the_digest_covers_labelled_rows_and_not_what_was_merely_repeated(
    define: Define, make_receipt: MakeReceipt
) -> None:
    definition, receipts = define(), [make_receipt("first")]
    known = {"a": ("yes", "11-05"), "b": ("no", "11-05")}
    labelled = rows_of(definition, row("a"), row("b"), **known)

    def digest_with(labelled: LabelledRows) -> str:
        return snapshot_digest(definition, RunData(receipts, labelled))

    digest = digest_with(labelled)

    unmatched = known | {"x": ("no", "11-06")}
    assert digest_with(rows_of(definition, row("a"), row("b"), row("c"), **unmatched)) == digest
    assert digest_with(rows_of(definition)) == digest_with(NO_LABELS)
    others = [
        digest_with(NO_LABELS),
        digest_with(rows_of(definition, row("a"), **known)),
        digest_with(rows_of(definition, row("a"), row("b"), **known | {"b": ("yes", "11-05")})),
        digest_with(replace(labelled, identities=labelled.identities[::-1])),
    ]
    assert digest not in others


def test_the_description_says_what_became_of_labels(define: Define, make_receipt: MakeReceipt) -> None:
    definition = define(key=["who"])
    store = shelf({"first": [{"who": "ada", "spent": 1, "back": "no"}]})
    labelled = rows_of(
        definition, row("a", who="ada"), row("b"), a=("yes", "11-09"), b=("no", "11-09"), x=("no", "11-09")
    )
    receipts = [make_receipt("first")]
    rows = freeze(store, SnapshotKind(definition), receipts, labelled)

    data = summarise_data(definition, RunData(receipts, labelled), rows, {})

    refused = LabelReason(column="who", reason="is required", rows=1)
    assert data.labelled == LabelCounts(rows=1, labels=3, unmatched=1, unusable=1, reasons=[refused])


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(list("abcdef")), days=st.lists(st.integers(1, 9), min_size=6, max_size=6))
def test_the_same_predictions_and_labels_give_the_same_rows_in_any_order(
    define: Define, order: list[str], days: list[int]
) -> None:
    definition = define()
    rows = sorted((row(name, spent=ord(name)) for name in order), key=lambda each: each.id)
    labels = {name: ("yes", f"11-0{day}") for name, day in zip("abcdef", days, strict=True)}

    one = rows_of(definition, *rows, **labels)
    other = rows_of(definition, *rows, **{name: labels[name] for name in order})

    assert one.digest == other.digest
    for name, array in one.columns.items():
        np.testing.assert_array_equal(array, other.columns[name])


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_no_labels_are_no_rows(define: Define, task: str) -> None:
    labelled = rows_of(define(task))

    assert len(labelled) == 0
    assert set(labelled.columns) == {"at", "who", "spent", "member", "back"}
