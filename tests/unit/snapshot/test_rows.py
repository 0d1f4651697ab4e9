"""From curated parts to the rows of a snapshot."""

from __future__ import annotations

import io
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from preprocessing import objects, parse_definition
from refrain.aws.storage import Object, Store
from refrain.snapshot.rows import Rows, read_rows, within_window, without_duplicates

if TYPE_CHECKING:
    from tests.unit.snapshot.conftest import Define, MakeReceipt

UTC = pa.timestamp("us", tz="UTC")


class Shelf:
    """A store of parts in memory."""

    def __init__(self, **parts: pa.Table) -> None:
        self.parts = {f"curated/shops/{digest}/part-0000.parquet": table for digest, table in parts.items()}

    def read(self, key: str) -> Object:
        file = io.BytesIO()
        pq.write_table(self.parts[key], file)
        return Object(file.getvalue(), "")


def part(**columns: Any) -> pa.Table:
    return pa.table(columns)


def store(**parts: pa.Table) -> Store:
    return cast(Store, Shelf(**parts))


def moments(*days: str) -> Any:
    return np.array([f"2026-{day}" for day in days], "datetime64[us]")


def test_a_time_of_columns_that_were_kept_as_such_is_read_from_them(define: Define, make_receipt: MakeReceipt) -> None:
    earlier = part(day=["2026-01-31"], clock=["08:15"], back=["yes"], _row=[1])
    document = define().document
    columns = {"at": {"type": "time", "from": ["day", "clock"]}, "back": {"type": "category"}}
    changed = parse_definition("shops", {**document, "columns": columns, "key": [], "derived": {}}, "shops.toml")
    rows = read_rows(store(a=earlier), changed, [make_receipt("a", definition="earlier")])
    assert rows.columns["at"].tolist() == [datetime(2026, 1, 31, 8, 15)]


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
    rows = read_rows(store(a=first, b=second), define(), [make_receipt("a"), make_receipt("b")])

    # Then each column is as the preprocessing layer types it
    assert rows.columns["at"].dtype == np.dtype("datetime64[us]")
    np.testing.assert_array_equal(rows.columns["at"], np.array([0, "NaT", 1], "datetime64[us]"))
    assert rows.columns["who"].tolist() == ["ada", None, None]
    np.testing.assert_array_equal(rows.columns["spent"], [1.5, np.nan, 2.0])
    np.testing.assert_array_equal(rows.columns["member"], [1.0, np.nan, 0.0])
    assert rows.columns["back"].tolist() == ["yes", "no", "no"]
    assert len(rows) == 3
    assert rows.unusable == 0


def test_equal_texts_are_one_object(define: Define, make_receipt: MakeReceipt) -> None:
    table = part(at=pa.array([0, 0], UTC), who=["ada", "ada"], spent=[1.0, 1.0], member=[True, True], back=["a", "b"])
    who = read_rows(store(a=table), define(), [make_receipt("a")]).columns["who"]
    assert who[0] is who[1]


def test_rows_of_an_earlier_definition_are_prepared_again(define: Define, make_receipt: MakeReceipt) -> None:
    # Given rows of a time when `spent` was text, `member` was not asked, `back` was a boolean, and nothing was required
    earlier = part(
        at=pa.array([0, 0, 0], UTC), spent=["1.5", "much", "2"], back=pa.array([True, False, None]), _row=[1, 2, 3]
    )

    # When they are read for the present definition
    rows = read_rows(store(a=earlier), define(), [make_receipt("a", definition="earlier")])

    # Then what can be read is read, what is lacking is missing, and rows that are no longer good are left out
    assert rows.columns["spent"].tolist() == [1.5]
    assert rows.columns["back"].tolist() == ["true"]
    assert rows.columns["who"].tolist() == [None]
    assert np.isnan(rows.columns["member"]).all()
    assert rows.unusable == 2


def test_nothing_to_read_is_no_rows_of_the_right_types(define: Define) -> None:
    rows = read_rows(store(), define(), [])
    assert len(rows) == 0
    assert rows.columns["who"].dtype == object


def test_the_latest_upload_of_a_key_wins(define: Define) -> None:
    definition = define(key=["who", "at"])
    columns = {
        "who": objects(["ada", "bob", "ada", "ada"]),
        "at": moments("11-01", "11-01", "11-01", "11-02"),
        "spent": np.array([1.0, 2.0, 3.0, 4.0]),
    }

    rows = without_duplicates(definition, Rows(columns))

    assert rows.columns["spent"].tolist() == [2.0, 3.0, 4.0]
    assert rows.merged == 1


def test_without_a_key_equal_rows_are_all_kept(define: Define) -> None:
    rows = Rows({"who": objects(["ada", "ada"])})
    assert without_duplicates(define(), rows) is rows


def test_the_window_reaches_back_from_the_newest_event(define: Define) -> None:
    definition = define(time="at", training={"window": "7d"})
    rows = Rows({"at": moments("10-01", "10-25", "11-01", "10-31")})

    inside = within_window(definition, rows, np.datetime64("2026-11-20"))

    assert inside.columns["at"].tolist() == moments("10-25", "11-01", "10-31").tolist()
    assert inside.outside == 1


def test_one_event_of_a_wrong_year_does_not_empty_the_window(define: Define) -> None:
    definition = define(time="at", training={"window": "7d"})
    rows = Rows({"at": np.array(["2026-10-01", "2026-10-31", "2062-11-01"], "datetime64[us]")})

    inside = within_window(definition, rows, np.datetime64("2026-11-20"))

    assert len(inside) == 2


def test_forecasts_have_a_window_too(define: Define) -> None:
    definition = define(time="at", training={"window": "7d"})
    rows = Rows({"at": moments("12-01", "12-31")})
    assert len(within_window(definition, rows, np.datetime64("2026-11-20"))) == 1
