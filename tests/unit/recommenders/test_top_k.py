"""The largest values of a row."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from refrain.recommenders.top_k import largest_columns, rank_items


@given(
    st.lists(st.lists(st.sampled_from([-np.inf, -1.0, 0.0, 0.5, 2.0]), min_size=6, max_size=6), min_size=1),
    st.integers(1, 9),
)
def test_ranked_items_equal_a_stable_sort(rows: list[list[float]], k: int) -> None:
    scores = np.array(rows, dtype=np.float32)
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    sorted_scores = np.take_along_axis(scores, order, axis=1)

    items, found = rank_items(scores, k)

    assert items.shape == found.shape == (len(rows), k)
    np.testing.assert_array_equal(found[:, :6], sorted_scores)
    np.testing.assert_array_equal(items[:, :6], np.where(np.isneginf(sorted_scores), -1, order))
    assert (items[:, 6:] == -1).all()


def test_the_largest_columns_are_ascending() -> None:
    assert largest_columns(np.array([[5, 1, 9, 5, 5]]), 3).tolist() == [[0, 2, 3]]
