from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refrain.errors import RankingTooLong
from refrain.recommendation import ranking_slices
from refrain.recommendation.ranking_slices import MAX_SLICE_BYTES, RankingCost

COST = RankingCost(items=20_000, graph_bytes=32_000_000)
LENGTHS = st.tuples(st.integers(0, 500), st.integers(0, 10_000), st.integers(0, 10_000))


def lists(lengths: list[tuple[int, ...]]) -> list[list[np.ndarray]]:
    return [[np.zeros(length, np.int64) for length in column] for column in zip(*lengths, strict=True)]


@given(st.lists(LENGTHS, min_size=1, max_size=60))
def test_every_request_is_in_one_slice_and_no_slice_with_its_padding_takes_more_than_the_bound(
    lengths: list[tuple[int, ...]],
) -> None:
    slices = list(COST.slices(*lists(lengths)))

    assert sorted(request for rows in slices for request in rows) == list(range(len(lengths)))
    for rows in slices:
        history, exclude, within = (max(lengths[row][column] for row in rows) for column in range(3))
        padded = 5 * 1600 * history + 16 * (exclude + within) + 24 * 20_000
        assert len(rows) == 1 or len(rows) * padded <= MAX_SLICE_BYTES


def test_one_long_history_does_not_make_the_short_ones_expensive() -> None:
    slices = list(COST.slices(*lists([(500, 500, 0), *[(1, 1, 0)] * 30])))

    assert slices[-1] == [0]
    assert len(slices) == 3


def test_no_request_makes_no_slice() -> None:
    assert list(COST.slices([], [], [])) == []


def test_requests_that_would_take_too_long_are_refused_with_how_many_to_send(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = lists([(500, 500, 0)] * 1000)
    COST.check(*asked)
    monkeypatch.setattr(ranking_slices, "MAX_RANKED_BYTES", 1_000_000_000)

    with pytest.raises(RankingTooLong, match=r"1000 instances .* too long: send at most 222 of them at once"):
        COST.check(*asked)
    COST.check(*lists([(500, 500, 0)] * 222))
