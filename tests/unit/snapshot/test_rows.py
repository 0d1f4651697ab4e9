"""Which rows of all become those of a snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from preprocessing import objects
from refrain.errors import TooManyRows
from refrain.snapshot.pieces import Piece
from refrain.snapshot.rows import RowChoice, RowLimit, choose_rows
from refrain.snapshot.snapshot_kind import SnapshotKind
from refrain.statistics.hashing import WHOLE, position_hashes, row_hashes
from tests.unit.snapshot.frozen import UNLIMITED

if TYPE_CHECKING:
    from preprocessing import Array, Definition
    from tests.unit.snapshot.conftest import Define

NOVEMBER = np.datetime64("2026-11-20", "us")


def piece(**columns: Array) -> Piece:
    rows = len(next(iter(columns.values())))
    return Piece(columns, rows, position_hashes("a", 0, rows))


def moments(*days: str) -> Array:
    return np.array([f"2026-{day}" for day in days], "datetime64[us]")


def choose(definition: Definition, *pieces: Piece, limit: RowLimit = UNLIMITED) -> RowChoice:
    names = ("at",) if definition.time else ()
    return choose_rows(definition, pieces, names, NOVEMBER, limit)


def test_the_latest_upload_of_a_key_wins(define: Define) -> None:
    first = piece(who=objects(["ada", "bob"]), at=moments("11-01", "11-01"))
    second = piece(who=objects(["ada", "ada"]), at=moments("11-01", "11-02"))

    choice = choose(define(key=["who", "at"]), first, second)

    assert choice.kept.tolist() == [False, True, True, True]
    assert choice.merged == 1


def test_without_a_key_equal_rows_are_all_kept(define: Define) -> None:
    assert choose(define(), piece(who=objects(["ada", "ada"]))).kept.all()


def test_the_window_reaches_back_from_the_newest_event(define: Define) -> None:
    definition = define(time="at", training={"window": "7d"})

    choice = choose(definition, piece(at=moments("10-01", "10-25", "11-01", "10-31")))

    assert choice.columns["at"].tolist() == moments("10-25", "11-01", "10-31").tolist()
    assert choice.outside == 1


def test_one_event_of_a_wrong_year_does_not_empty_the_window(define: Define) -> None:
    definition = define(time="at", training={"window": "7d"})
    times = np.array(["2026-10-01", "2026-10-31", "2062-11-01"], "datetime64[us]")
    assert len(choose(definition, piece(at=times))) == 2


def test_forecasts_have_a_window_too(define: Define) -> None:
    definition = define(time="at", training={"window": "7d"})
    assert len(choose(definition, piece(at=moments("12-01", "12-31")))) == 1


def test_a_row_that_gave_way_to_a_newer_one_does_not_move_the_window(define: Define) -> None:
    definition = define(key=["who"], time="at", training={"window": "7d"})
    rows = piece(who=objects(["ada", "bob", "ada"]), at=moments("11-18", "10-05", "10-01"))
    choice = choose(definition, rows)
    assert (choice.merged, choice.outside, len(choice)) == (1, 0, 2)


PEOPLE = objects([str(number) for number in range(20_000)])


def test_of_too_many_rows_about_as_many_as_fit_are_drawn(define: Define) -> None:
    for definition in (define(), define(key=["who"])):
        choice = choose(definition, piece(who=PEOPLE), limit=RowLimit(5_000))
        assert len(choice) == pytest.approx(5_000, rel=0.05)
        assert choice.left_out == 20_000 - len(choice)


def test_a_sample_depends_neither_on_the_split_nor_on_the_order(define: Define) -> None:
    definition = define(key=["who"], training={"holdout": 0.2})
    held_out = SnapshotKind(definition).hold_out_by_hash(row_hashes({"who": PEOPLE}, ["who"]))
    choice = choose(definition, piece(who=PEOPLE), limit=RowLimit(5_000))
    backwards = choose(definition, piece(who=PEOPLE[::-1]), limit=RowLimit(5_000))

    assert held_out[choice.kept].mean() == pytest.approx(0.2, abs=0.02)
    assert set(PEOPLE[choice.kept]) == set(PEOPLE[::-1][backwards.kept])


def test_a_smaller_sample_is_part_of_a_greater_one_and_old_rows_stay_when_new_ones_come(define: Define) -> None:
    def drawn(rows: int, limit: int) -> set[str]:
        choice = choose(define(key=["who"]), piece(who=PEOPLE[:rows]), limit=RowLimit(limit))
        return set(PEOPLE[:rows][choice.kept])

    assert drawn(20_000, 1_000) < drawn(20_000, 5_000)
    assert drawn(20_000, 5_000) & set(PEOPLE[:10_000]) <= drawn(10_000, 5_000)


def test_equal_rows_without_a_key_are_drawn_one_by_one(define: Define) -> None:
    choice = choose(define(), piece(who=objects(["ada"] * 20_000)), limit=RowLimit(5_000))
    assert len(choice) == pytest.approx(5_000, rel=0.05)


def test_rows_that_belong_together_are_drawn_together(define: Define) -> None:
    users = piece(who=objects([str(number % 2_000) for number in range(20_000)]))
    limit = RowLimit(5_000, kept_together=("who",))

    choice = choose_rows(define(), [users], ("who",), NOVEMBER, limit)

    assert set(np.unique(choice.columns["who"].astype(str), return_counts=True)[1].tolist()) == {10}
    assert len(choice) == pytest.approx(5_000, rel=0.1)
    # And their own hash, by which the split rounds a user's share, is as it is among all users
    assert (row_hashes(choice.columns, ("who",)) / WHOLE).mean() == pytest.approx(0.5, abs=0.05)


def test_too_many_rows_are_refused_where_the_definition_says_so(define: Define) -> None:
    limit = RowLimit(5_000, refuse=True, cure="training holds about 4,000: raise TrainingMemory")
    with pytest.raises(TooManyRows, match="there are 20,000 rows, and training holds about 4,000: raise Tr"):
        choose(define(), piece(who=PEOPLE), limit=limit)


def test_a_key_of_any_type_is_known_again(define: Define) -> None:
    definition = define(key=["who", "at", "spent"])
    rows = piece(who=objects(["a"] * 3), at=moments("11-01", "11-01", "11-02"), spent=np.array([0.0, -0.0, 0.0]))
    assert choose(definition, rows).kept.tolist() == [False, True, True]
