"""The histories in the table: merged like sets, so that the order of uploads makes no difference."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from refrain.recommendation.history_table import merge_history

NEWS = st.dictionaries(st.sampled_from([f"s{number}" for number in range(12)]), st.integers(0, 50), max_size=8)


@given(NEWS, NEWS, NEWS)
def test_merging_histories_depends_on_neither_order_nor_repetition(
    one: dict[str, int], two: dict[str, int], three: dict[str, int]
) -> None:
    together = merge_history(merge_history(one, two, limit=5), three, limit=5)

    assert together == merge_history(merge_history(three, one, limit=5), two, limit=5)
    assert merge_history(together, two, limit=5) == together
    assert list(together.values()) == sorted(together.values(), reverse=True)
