"""Which rows are held out, and when there is not enough to learn from."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from preprocessing import objects
from refrain.snapshot.snapshot_kind import SnapshotKind, split_by_class, split_by_time
from refrain.statistics.hashing import row_hashes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from preprocessing import Columns, Definition
    from tests.unit.snapshot.conftest import Define

texts = st.one_of(st.none(), st.text(max_size=5))
numbers = st.floats(allow_infinity=False, width=32)


def columns(rows: list[tuple[Any, Any]]) -> dict[str, Any]:
    return {"who": objects([who for who, _ in rows]), "spent": np.array([spent for _, spent in rows], dtype=float)}


@given(st.lists(st.tuples(texts, numbers), min_size=1, max_size=30), st.randoms())
def test_a_row_is_hashed_by_what_it_holds_and_not_by_where_it_stands(rows: list[Any], random: Any) -> None:
    order = random.sample(range(len(rows)), len(rows))
    names = ("who", "spent")

    hashes = row_hashes(columns(rows), names)

    assert row_hashes(columns([rows[place] for place in order]), names).tolist() == hashes[order].tolist()
    assert row_hashes(columns(rows), ("spent", "who")).tolist() == hashes.tolist()
    for one, hashed in zip(rows, hashes, strict=True):
        assert row_hashes(columns([one]), names).tolist() == [hashed]


def test_hashes_are_the_same_in_every_process_for_ever() -> None:
    # Changing these numbers makes rows that champions were trained on holdout rows.
    hashes = row_hashes({"who": objects(["ada"]), "spent": np.array([1.5])}, ("who", "spent"))
    assert hashes.tolist() == [16996378992693577557]


def test_a_column_that_comes_later_leaves_older_rows_on_their_side() -> None:
    rows = columns([("ada", 1.0), ("bob", 2.0)])
    later = rows | {"member": np.full(2, np.nan), "city": objects([None, None])}
    assert row_hashes(later, tuple(later)).tolist() == row_hashes(rows, tuple(rows)).tolist()


def test_times_are_hashed_by_their_moment() -> None:
    times = np.array(["2026-11-01", "2026-11-01", "2026-11-02", "NaT"], "datetime64[us]")
    hashes = row_hashes({"at": times}, ["at"]).tolist()
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 3


def test_zero_is_zero_whatever_its_sign() -> None:
    assert len(set(row_hashes({"x": np.array([0.0, -0.0])}, ["x"]).tolist())) == 1


def test_the_same_value_in_another_column_is_another_row() -> None:
    values = objects(["ada", "bob"])
    swapped = row_hashes({"a": values, "b": values[::-1]}, ["a", "b"])
    assert swapped[0] != swapped[1]


def hold_out_by_hash(definition: Definition, rows: Columns) -> NDArray[np.bool_]:
    return SnapshotKind(definition).hold_out_by_hash(row_hashes(rows, definition.identity))


def test_by_hash_about_the_share_is_held_out_and_equal_rows_stay_together(define: Define) -> None:
    definition = define(training={"holdout": 0.3})
    rows = {name: np.tile(np.arange(5000.0), 2) for name in definition.columns}

    holdout = hold_out_by_hash(definition, rows)

    assert holdout.mean() == pytest.approx(0.3, abs=0.02)
    assert holdout[:5000].tolist() == holdout[5000:].tolist()


def test_by_hash_of_the_key_a_changed_row_stays_on_its_side(define: Define) -> None:
    definition = define(key=["who"])
    rows = {name: np.arange(200.0) for name in definition.columns}
    changed = rows | {"spent": np.zeros(200)}

    before, after = (hold_out_by_hash(definition, columns) for columns in (rows, changed))
    assert before.tolist() == after.tolist()


def test_by_hash_new_rows_do_not_move_old_ones(define: Define) -> None:
    definition = define()
    old = {name: np.arange(200.0) for name in definition.columns}
    more = {name: np.arange(300.0) for name in definition.columns}

    before, after = (hold_out_by_hash(definition, columns) for columns in (old, more))
    assert before.tolist() == after[:200].tolist()


def test_by_upload_the_newest_rows_are_held_out(define: Define) -> None:
    definition = define(training={"split": "upload", "holdout": 0.25})

    split = SnapshotKind(definition).hold_out({}, 8)

    assert split is not None
    assert split.holdout.tolist() == [False] * 6 + [True] * 2


def test_by_time_the_newest_events_are_held_out_and_the_cut_is_told(define: Define) -> None:
    definition = define(time="at", training={"holdout": 0.5})
    times = np.array(["2026-11-04", "2026-11-01", "2026-11-03", "2026-11-02"], "datetime64[us]")

    split = SnapshotKind(definition).hold_out({"at": times}, 4)

    assert split is not None
    assert split.holdout.tolist() == [True, False, True, False]
    assert split.cut == np.datetime64("2026-11-03")


@given(st.lists(st.integers(0, 20), min_size=1, max_size=60), st.floats(0.05, 0.9))
def test_by_time_no_held_out_row_is_older_than_a_training_row(days: list[int], share: float) -> None:
    times = np.array(days, "datetime64[D]").astype("datetime64[us]")

    split = split_by_time(times, share)

    if len(set(days)) == 1:
        assert not split.holdout.any()
        assert split.cut is None
    else:
        assert split.holdout.any()
        assert not split.holdout.all()
        assert times[split.holdout].min() > times[~split.holdout].max()
        assert times[split.holdout].min() == split.cut


@given(st.lists(st.sampled_from("aaaaaaabbc"), min_size=1, max_size=80), st.sampled_from([0.1, 0.2, 0.5]))
def test_by_hash_each_class_has_its_share_on_both_sides(labels: list[str], share: float) -> None:
    hashes = row_hashes({"who": objects([str(number) for number in range(len(labels))])}, ["who"])

    held = split_by_class(hashes, objects(labels), share).holdout

    for label in set(labels):
        rows = labels.count(label)
        assert sum(held[place] for place, each in enumerate(labels) if each == label) == min(
            max(round(share * rows), 1), rows - 1
        )


def test_of_a_frequent_class_no_row_changes_sides_and_of_a_rare_one_few_do() -> None:
    rare = np.arange(20_000) % 100 == 0
    hashes = row_hashes({"who": np.arange(20_000.0)}, ["who"])
    held = [split_by_class(hashes[:rows], rare[:rows], 0.2).holdout for rows in range(5_000, 20_001, 500)]

    moved = [before & ~after[: len(before)] | ~before & after[: len(before)] for before, after in pairwise(held)]

    assert not any((change & ~rare[: len(change)]).any() for change in moved)
    assert np.mean([change.sum() / rare[: len(change)].sum() for change in moved]) < 0.03


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from("aaaabbc")), min_size=2, max_size=40))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rows_of_equal_features_stay_together_whatever_their_target(
    define: Define, rows: list[tuple[int, str]]
) -> None:
    spent, back = np.array([value for value, _ in rows], float), objects([label for _, label in rows])
    definition = define(columns={"spent": {"type": "number"}, "back": {"type": "category"}}, key=[])

    held = SnapshotKind(definition).split({"spent": spent, "back": back})

    assert not {*spent[held].tolist()} & {*spent[~held].tolist()}


def split_with_group(define: Define, how: str, shops: list[int], days: list[int]) -> NDArray[np.bool_]:
    columns = {name: {"type": "category"} for name in ("who", "back")}
    columns |= {"at": {"type": "time"}, "shop": {"type": "number"}}
    definition = define(
        key=["shop", "at"], time="at", columns=columns, training={"split": how, "holdout": 0.3, "group": "shop"}
    )
    rows = {"at": np.array(days, "datetime64[D]").astype("datetime64[us]"), "shop": np.array(shops, float)}
    kind = SnapshotKind(definition)
    split = kind.hold_out(rows, len(shops))
    return kind.hold_out_by_hash(row_hashes(rows, definition.identity)) if split is None else split.holdout


@pytest.mark.parametrize("how", ["time", "upload", "hash"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_all_rows_of_a_group_are_on_one_side(define: Define, how: str, data: st.DataObject) -> None:
    shops = data.draw(st.lists(st.integers(0, 6), min_size=1, max_size=60))
    days = data.draw(st.lists(st.integers(0, 9), min_size=len(shops), max_size=len(shops)))

    held = split_with_group(define, how, shops, days)

    assert all(len({side for shop, side in zip(shops, held, strict=True) if shop == each}) == 1 for each in shops)
    assert not held.all() or how == "hash"
    assert held.any() or how == "hash" or len(set(shops)) == 1


@pytest.mark.parametrize("how", ["time", "upload"])
def test_the_groups_that_began_last_are_held_out_and_their_share_of_rows(define: Define, how: str) -> None:
    shops = [1, 1, 2, 3, 4, 2, 3, 1, 4, 1, 1, 3]  # 4 began last; with 3 it comes nearer to a share of 3.6 rows
    days = list(range(12))

    assert split_with_group(define, how, shops, days).tolist() == [shop in (3, 4) for shop in shops]


def test_groups_that_began_together_are_told_apart_by_a_hash(define: Define) -> None:
    held = split_with_group(define, "time", list(range(40)) * 5, [0] * 40 + [1] * 160)

    assert held.mean() == pytest.approx(0.3, abs=0.01)


@pytest.mark.parametrize("how", ["time", "upload", "hash"])
def test_a_new_row_of_a_known_group_moves_no_other(define: Define, how: str) -> None:
    shops, days = list(range(50)) * 2, [*range(50)] * 2
    before = split_with_group(define, how, shops, days)
    after = split_with_group(define, how, [*shops, 3], [*days, 60])

    assert after[:-1].tolist() == before.tolist()
    assert after[-1] == before[3]


def holdout(rows: int, held: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.arange(rows) >= rows - held


def test_two_classes_in_both_parts_and_rows_enough_leave_nothing_to_say(define: Define) -> None:
    rows = {"back": objects(["yes", "no"] * 50)}
    assert SnapshotKind(define()).find_shortfall(rows, holdout(100, 20)) == ""


@pytest.mark.parametrize(
    ("classes", "held", "sentence"),
    [
        (["yes", "no"] * 20, 20, "there are 40 rows, and 50 are needed (training.min_rows)"),
        (["yes", "no"] * 50, 19, "there are 19 rows to hold out, and 20 are needed"),
        (["yes", "no"] * 50, 85, "there are 15 rows to learn from, and 20 are needed"),
        (["yes"] * 100, 20, "all 80 training rows have the same back, yes: there is nothing to tell apart"),
        (["yes", "no"] * 40 + ["no"] * 20, 20, "all 20 holdout rows have the same back, no"),
    ],
)
def test_what_is_wanting_is_said(define: Define, classes: list[str], held: int, sentence: str) -> None:
    rows = {"back": objects(classes)}
    assert SnapshotKind(define()).find_shortfall(rows, holdout(len(classes), held)).startswith(sentence)


def test_a_target_that_does_not_vary_teaches_no_regression(define: Define) -> None:
    rows = {"spent": np.full(100, 2.5)}
    assert "have the same spent, 2.5" in SnapshotKind(define(task="regression")).find_shortfall(rows, holdout(100, 20))
    rows["spent"][::7] = 3
    assert SnapshotKind(define(task="regression")).find_shortfall(rows, holdout(100, 20)) == ""


def test_no_rows_are_too_few(define: Define) -> None:
    assert SnapshotKind(define()).find_shortfall({"back": objects([])}, holdout(0, 0)).startswith("there are 0 rows")
