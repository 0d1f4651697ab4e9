"""Which uploads a snapshot is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refrain.lake.receipt_choice import choose_receipts

if TYPE_CHECKING:
    from tests.unit.snapshot.conftest import Define, MakeReceipt


def test_uploads_come_in_the_order_of_their_time_then_of_their_digest(
    define: Define, make_receipt: MakeReceipt
) -> None:
    receipts = [make_receipt("c", "11-02"), make_receipt("b", "11-01"), make_receipt("a", "11-02")]

    chosen = choose_receipts(receipts, define())

    assert [each.digest for each in chosen] == ["b", "a", "c"]
    assert choose_receipts(reversed(receipts), define()) == chosen


def test_a_file_under_several_definitions_counts_once_under_the_present_one(
    define: Define, make_receipt: MakeReceipt
) -> None:
    # Given a file that was ingested under the present definition, and again under one that was tried later
    present = make_receipt("a", content_sha256="same")
    later = make_receipt("b", content_sha256="same", definition="tried", finished_at="2026-12-01T00:00:00Z")

    assert choose_receipts([present, later], define()) == [present]


def test_without_the_present_definition_the_latest_one_counts(define: Define, make_receipt: MakeReceipt) -> None:
    first = make_receipt("a", content_sha256="same", definition="first", finished_at="2026-11-01T00:00:00Z")
    second = make_receipt("b", content_sha256="same", definition="second", finished_at="2026-11-02T00:00:00Z")

    assert choose_receipts([second, first], define()) == [second]


def test_another_preprocessing_version_is_not_current(define: Define, make_receipt: MakeReceipt) -> None:
    assert make_receipt("a").is_current(define())
    assert not make_receipt("a", preprocessing="0.9").is_current(define())


def test_a_window_over_uploads_reaches_back_from_the_newest(define: Define, make_receipt: MakeReceipt) -> None:
    receipts = [make_receipt("old", "10-01"), make_receipt("edge", "10-25"), make_receipt("new", "11-01")]

    chosen = choose_receipts(receipts, define(training={"window": "7d"}))

    assert [each.digest for each in chosen] == ["edge", "new"]


def test_a_window_over_event_time_leaves_uploads_alone(define: Define, make_receipt: MakeReceipt) -> None:
    receipts = [make_receipt("old", "10-01"), make_receipt("new", "11-01")]

    assert len(choose_receipts(receipts, define(time="at", training={"window": "7d"}))) == 2


def test_without_uploads_nothing_is_chosen(define: Define) -> None:
    assert choose_receipts([], define(training={"window": "7d"})) == []
