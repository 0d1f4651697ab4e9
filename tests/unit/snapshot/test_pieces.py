"""From curated parts to typed columns, piece by piece."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from preprocessing import parse_definition
from refrain.snapshot.pieces import join_columns, read_pieces
from tests.unit.snapshot.frozen import part, store

if TYPE_CHECKING:
    from preprocessing import Array, Definition
    from refrain.aws.storage import Store
    from refrain.lake.receipt import Receipt
    from tests.unit.snapshot.conftest import Define, MakeReceipt

UTC = pa.timestamp("us", tz="UTC")


def read_all(store: Store, definition: Definition, *receipts: Receipt) -> dict[str, Array]:
    return join_columns(
        [piece.columns for piece in read_pieces(store, definition, receipts, tuple(definition.columns))]
    )


def test_parts_are_read_in_order_as_typed_columns(define: Define, make_receipt: MakeReceipt) -> None:
    # Given two uploads in which something of every type is there, and something missing
    first = part(
        at=pa.array([0, None], UTC),
        who=["ada", None],
        spent=[1.5, None],
        member=[True, None],
        back=["yes", "no"],
        _row=[1, 2],
    )
    second = part(
        at=pa.array([1], UTC), who=pa.array([None], pa.string()), spent=[2.0], member=[False], back=["no"], _row=[1]
    )

    # When they are read
    columns = read_all(store(a=first, b=second), define(), make_receipt("a"), make_receipt("b"))

    # Then each column is as the preprocessing layer types it
    assert columns["at"].dtype == np.dtype("datetime64[us]")
    np.testing.assert_array_equal(columns["at"], np.array([0, "NaT", 1], "datetime64[us]"))
    assert columns["who"].tolist() == ["ada", None, None]
    np.testing.assert_array_equal(columns["spent"], [1.5, np.nan, 2.0])
    np.testing.assert_array_equal(columns["member"], [1.0, np.nan, 0.0])
    assert columns["back"].tolist() == ["yes", "no", "no"]


def test_a_time_of_columns_that_were_kept_as_such_is_read_from_them(define: Define, make_receipt: MakeReceipt) -> None:
    earlier = part(day=["2026-01-31"], clock=["08:15"], back=["yes"], _row=[1])
    columns = {"at": {"type": "time", "from": ["day", "clock"]}, "back": {"type": "category"}}
    document = {**define().document, "columns": columns, "key": [], "derived": {}}
    changed = parse_definition("shops", document, "shops.toml")
    read = read_all(store(a=earlier), changed, make_receipt("a", definition="earlier"))
    assert read["at"].tolist() == [datetime(2026, 1, 31, 8, 15)]


def test_equal_texts_are_one_object(define: Define, make_receipt: MakeReceipt) -> None:
    table = part(at=pa.array([0, 0], UTC), who=["ada", "ada"], spent=[1.0, 1.0], member=[True, True], back=["a", "b"])
    who = read_all(store(a=table), define(), make_receipt("a"))["who"]
    assert who[0] is who[1]


def test_rows_of_an_earlier_definition_are_prepared_again(define: Define, make_receipt: MakeReceipt) -> None:
    # Given rows of a time when `spent` was text, `member` was not asked, `back` was a boolean, and nothing was required
    earlier = part(
        at=pa.array([0, 0, 0], UTC), spent=["1.5", "much", "2"], back=pa.array([True, False, None]), _row=[1, 2, 3]
    )

    # When they are read for the present definition, all columns or few
    shelf, receipt = store(a=earlier), make_receipt("a", definition="earlier")
    (piece,), (narrow,) = (
        list(read_pieces(shelf, define(), [receipt], names)) for names in (tuple(define().columns), ())
    )

    # Then what can be read is read, what is lacking is missing, and rows that are no longer good are left out
    assert piece.columns["spent"].tolist() == [1.5]
    assert piece.columns["back"].tolist() == ["true"]
    assert piece.columns["who"].tolist() == [None]
    assert np.isnan(piece.columns["member"]).all()
    assert (piece.rows, piece.unusable) == (narrow.rows, narrow.unusable) == (1, 2)


def test_rows_of_which_nothing_is_asked_are_counted_by_the_receipt(define: Define, make_receipt: MakeReceipt) -> None:
    (piece,) = read_pieces(store(), define(), [make_receipt("a")], ())
    assert (piece.rows, len(piece.hashes)) == (10, 10)
