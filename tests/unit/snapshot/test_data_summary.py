"""What a snapshot says of its data, for the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from preprocessing import objects, own_functions
from refrain.lake.snapshot import DataSummary, SplitSummary, TargetSummary
from refrain.snapshot.data_summary import summarise_data
from refrain.snapshot.frozen_rows import FrozenRows
from refrain.snapshot.rows import RowChoice
from refrain.snapshot.snapshot_kind import RunData, SnapshotKind, Split
from refrain.snapshot.take import snapshot_digest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pytest

    from preprocessing import Columns, Definition
    from refrain.lake.receipt import Receipt
    from tests.unit.snapshot.conftest import Define, MakeReceipt

TIMES = np.array(["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"], "datetime64[us]")


def summarise(
    definition: Definition, receipts: Sequence[Receipt], columns: Columns, split: Split, **counts: int
) -> DataSummary:
    rows = len(split.holdout)
    counts = dict.fromkeys(("unusable", "merged", "outside", "left_out"), 0) | counts
    choice = RowChoice(np.ones(rows, bool), {}, **counts)
    target = SnapshotKind(definition).describe_target(columns, split.holdout)
    frozen = FrozenRows(choice, split, columns, np.zeros(rows, np.uint64), 0, {})
    return summarise_data(definition, RunData(receipts), frozen, target)


def digest(definition: Definition, *receipts: Receipt) -> str:
    return snapshot_digest(definition, RunData(receipts))


def test_classes_are_counted_on_each_side(define: Define, make_receipt: MakeReceipt) -> None:
    definition = define(time="at", training={"window": "30d"})
    rows = {"at": TIMES, "back": objects(["yes", "no", "no", "yes"])}
    counts = {"unusable": 1, "merged": 2, "outside": 3, "left_out": 4}
    split = Split(np.array([False, False, False, True]), TIMES[3])

    data = summarise(definition, [make_receipt("a", rows_rejected=4)], rows, split, **counts)

    assert data.to_json() == {
        "receipts": 1,
        "uploads": [
            {"source": "shops/a.csv", "uploaded_at": "2026-11-01T00:00:00Z", "rows_kept": 10, "rows_rejected": 4}
        ],
        "rows": 4,
        "train_rows": 3,
        "holdout_rows": 1,
        "merged_duplicates": 2,
        "unusable_rows": 1,
        "rows_outside_window": 3,
        "left_out": 4,
        "split": {"by": "time", "window": "30d", "cut": "2026-01-04T00:00:00.000000Z"},
        "target": "back",
        "time_range": ("2026-01-01T00:00:00.000000Z", "2026-01-04T00:00:00.000000Z"),
        "train_until": "2026-01-03T00:00:00.000000Z",
        "labelled": {"rows": 0, "labels": 0, "unmatched": 0, "unusable": 0, "reasons": [], "left_out": 0},
        "classes": [{"name": "no", "train": 2, "holdout": 0}, {"name": "yes", "train": 1, "holdout": 1}],
        "summary": None,
        "users": None,
        "items": None,
    }


def test_values_are_summed_up_and_without_event_time_the_uploads_give_the_range(
    define: Define, make_receipt: MakeReceipt
) -> None:
    rows = {"spent": np.array([1.0, 2.0, 3.0, 10.0])}
    split = Split(np.array([True, False, False, False]))

    data = summarise(define(task="regression"), [make_receipt("a", "11-01"), make_receipt("b", "11-03")], rows, split)

    assert data.summary == TargetSummary(
        min=1.0, lower_quartile=1.75, median=2.5, mean=4.0, upper_quartile=4.75, max=10.0
    )
    assert data.time_range == ("2026-11-01T00:00:00.000000Z", "2026-11-03T00:00:00.000000Z")
    assert data.train_until == "2026-11-03T00:00:00.000000Z"
    assert data.split == SplitSummary(by="hash", window="", cut=None)


def test_the_digest_names_uploads_and_all_that_makes_a_difference(define: Define, make_receipt: MakeReceipt) -> None:
    # Given a definition and its uploads
    same = digest(define(), make_receipt("a"), make_receipt("b"))

    # Then what happens to the served model does not matter, and what is learned and demanded does
    assert digest(define(), make_receipt("a"), make_receipt("b")) == same
    assert digest(define(monitoring={"capture": 0.5}), make_receipt("a"), make_receipt("b")) == same
    others = [
        digest(define(), make_receipt("a")),
        digest(define(), make_receipt("a"), make_receipt("b", "11-02")),
        digest(define(training={"holdout": 0.3}), make_receipt("a"), make_receipt("b")),
        digest(define(gate={"min_metric": 0.9}), make_receipt("a"), make_receipt("b")),
        digest(define(derived={"hour": {"from": "at", "make": "hour"}}), make_receipt("a"), make_receipt("b")),
    ]
    assert len({same, *others}) == 6


def test_the_digest_names_the_source_of_functions(
    define: Define, make_receipt: MakeReceipt, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    definition = define(derived={"far": {"from": "at", "make": "features.distance"}})
    before = digest(definition, make_receipt("a"))
    monkeypatch.setattr(own_functions, "FOLDER", tmp_path)

    assert digest(definition, make_receipt("a")) != before
