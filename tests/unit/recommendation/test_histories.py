"""Histories are the same in training and in service, whatever the order of news."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from refrain.recommendation.histories import gather_histories, pad_codes, recent_items
from refrain.recommendation.history_table import merge_history


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 6), st.integers(0, 9)), max_size=30))
def test_training_and_the_table_hold_the_same_history(rows: list[tuple[str, int, int]]) -> None:
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


def test_empty_rows_make_an_empty_matrix() -> None:
    assert pad_codes([np.empty(0, np.int64)] * 2).shape == (2, 0)
