from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from refrain.unfamiliar import Combination, Unfamiliar, read_unfamiliar, write_unfamiliar

names = st.lists(st.text(), max_size=3)


@given(names.map(tuple) | names.map(tuple).map(Combination))
def test_what_is_written_is_read_again(note: Unfamiliar) -> None:
    assert read_unfamiliar(json.loads(f'{{"id":1{write_unfamiliar(note)}}}')) == note


def test_a_combination_counts_as_unfamiliar_although_no_feature_is_named() -> None:
    assert Combination(())
    assert list(Combination(("age", "plan"))) == ["age", "plan"]
