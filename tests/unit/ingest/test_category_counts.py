"""Counts of categories: those of a plain count of all rows, in whatever pieces the rows come."""

from __future__ import annotations

from collections import Counter
from unittest.mock import patch

import pyarrow as pa
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from refrain.ingest import category_counts
from refrain.ingest.category_counts import CategoryCounts

pieces = st.lists(st.lists(st.sampled_from("abcdefg"), max_size=12), max_size=6)


@given(pieces=pieces, limit=st.integers(1, 8))
@hypothesis_settings(max_examples=200, deadline=None)
def test_the_first_values_are_counted_up_to_the_limit(pieces: list[list[str]], limit: int) -> None:
    rows = [value for piece in pieces for value in piece]
    first = list(dict.fromkeys(rows))[:limit]
    counts = CategoryCounts()
    with patch.object(category_counts, "MAX_DISTINCT_VALUES", limit):
        for piece in pieces:
            unused_first = pa.array(["z", *sorted(piece), *piece]).dictionary_encode()
            counts.add(unused_first.slice(1 + len(piece)))
    assert counts.by_value() == {value: rows for value, rows in Counter(rows).items() if value in first}
    assert counts.is_capped == (len(set(rows)) > limit)
