"""Two lists are the same list, but for what rounding may do."""

from __future__ import annotations

import pytest

from refrain.model.parity import ranked_parity

SCORES = [3.0, 2.0, 1.0]


@pytest.mark.parametrize(
    ("items", "scores", "differing"),
    [
        (["a", "b", "c"], SCORES, 0),
        (["a", "b", "c"], [3.0, 2.00001, 1.0], 0),
        (["a", "c", "b"], SCORES, 1),
        (["a", "b"], SCORES[:2], 1),
        (["a", "b", "d"], SCORES, 0),  # a tie with the last one, which the list was cut at
        (["d", "b", "c"], SCORES, 1),
        (["a", "b", "c"], [3.0, 2.0, float("nan")], 1),
    ],
)
def test_a_list_differs_where_it_is_no_tie(items: list[str], scores: list[float], differing: int) -> None:
    found = ranked_parity([(["a", "b", "c"], SCORES)], [(items, scores)])

    assert (found.rows, found.differing, found.holds) == (1, differing, differing == 0)


def test_items_of_one_score_may_stand_in_any_order() -> None:
    found = ranked_parity([(["a", "b", "c"], [3.0, 1.0, 1.0])], [(["a", "c", "b"], [3.0, 1.0, 1.0])])

    assert found.holds


def test_what_is_left_of_sums_that_cancel_out_is_no_difference() -> None:
    usual = (["a", "b"], [0.5, 0.3])
    expected, answered = (["c"], [-3.79197e-05]), (["c"], [-3.79223e-05 - 1e-8])

    assert ranked_parity([usual, usual, expected], [usual, usual, answered]).holds
    assert not ranked_parity([usual, usual, expected], [usual, usual, (["c"], [1e-3])]).holds


def test_no_lists_prove_nothing() -> None:
    assert not ranked_parity([], []).holds
    assert ranked_parity([([], [])], [([], [])]).holds
