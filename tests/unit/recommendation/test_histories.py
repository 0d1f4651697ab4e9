"""Histories are the same in training and in service, whatever the order in which news come."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from refrain.recommendation.histories import gather_histories, pad_codes, recent_items
from refrain.recommendation.history_table import merge_history

NEWS = st.dictionaries(st.sampled_from([f"s{number}" for number in range(12)]), st.integers(0, 50), max_size=8)


@given(NEWS, NEWS, NEWS)
def test_merging_is_the_same_in_any_order_and_however_often(
    one: dict[str, int], two: dict[str, int], three: dict[str, int]
) -> None:
    together = merge_history(merge_history(one, two, limit=5), three, limit=5)

    assert together == merge_history(merge_history(three, one, limit=5), two, limit=5)
    assert merge_history(together, two, limit=5) == together
    assert list(together.values()) == sorted(together.values(), reverse=True)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 6), st.integers(0, 9)), max_size=30))
def test_training_and_the_table_know_the_same_history(rows: list[tuple[str, int, int]]) -> None:
    distinct = {(user, time): (user, item, time) for user, item, time in rows}  # no two at once: then the order is open
    users, items, times = (list(each) for each in zip(*distinct.values(), strict=True)) if distinct else ([], [], [])

    found = gather_histories(np.array(users, dtype=object), np.array(items, np.int64), np.array(times, np.int64))

    for user in set(users):
        table: dict[str, int] = {}
        for who, item, time in distinct.values():
            if who == user:
                table = merge_history(table, {str(item): time})
        assert [str(item) for item in found[user]] == list(reversed(table))


def test_the_newest_items_are_kept() -> None:
    assert recent_items(np.array([3, 1, 2, 1, 4]), limit=3).tolist() == [2, 1, 4]
    assert recent_items(np.empty(0, np.int64)).tolist() == []


def test_rows_of_nothing_make_an_empty_matrix() -> None:
    assert pad_codes([np.empty(0, np.int64)] * 2).shape == (2, 0)
