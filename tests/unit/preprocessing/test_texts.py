"""Words of free text as counts, the same on every path and at every door."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocessing import DefinitionError, encode, parse_definition, prepare, rows_to_columns
from preprocessing.encode import encode_features
from preprocessing.texts import MAX_TEXT_LENGTH, TEXT_WIDTH, split_words
from refrain.fast_path.features import RequestFeatures
from tests.unit.preprocessing.conftest import document


def define(**changes: Any) -> Any:
    content = document(**changes)
    content["columns"] |= {"title": {"type": "text"}, "message": {"type": "text"}}
    return parse_definition("shop", content, "shop.toml")


DEFINITION = define()
TEXT = DEFINITION.matrix_columns["message"]


@given(
    st.lists(st.fixed_dictionaries({}, optional={"title": st.text(), "message": st.text()}), min_size=1, max_size=12)
)
def test_both_paths_count_the_same_words_row_by_row(rows: list[dict[str, str]]) -> None:
    columns, problems = prepare(
        DEFINITION, rows_to_columns(rows, DEFINITION.inputs), len(rows), columns=DEFINITION.inputs
    )
    fast = RequestFeatures(DEFINITION, {})
    lists = fast.prepare({name: [row.get(name) for row in rows] for name in DEFINITION.inputs}, len(rows))

    matrix = encode(DEFINITION, {}, columns)

    assert matrix.shape == (len(rows), len(DEFINITION.features) + 2 * TEXT_WIDTH)
    assert (lists is None) == bool(problems)
    if lists is not None:
        np.testing.assert_array_equal(fast.encode(lists), matrix)
    np.testing.assert_array_equal(encode_features(DEFINITION, {}, columns), matrix[:, : len(DEFINITION.features)])
    for index, text in enumerate(columns["message"]):
        assert matrix[index, TEXT[1:]].sum() == len(split_words(text or ""))
        single = encode(DEFINITION, {}, {name: array[index : index + 1] for name, array in columns.items()})
        np.testing.assert_array_equal(single[0], matrix[index])


def test_spaces_case_and_signs_make_no_other_words() -> None:
    rows = [{"message": text} for text in ("Free  entry, NOW!", " free entry now\u200b", "now free-entry", None)]
    columns, _ = prepare(DEFINITION, rows_to_columns(rows, DEFINITION.inputs), 4, columns=DEFINITION.inputs)

    words = encode(DEFINITION, {}, columns)[:, TEXT[1:]]

    assert (words[:3] == words[0]).all()
    assert words.sum(axis=1).tolist() == [3, 3, 3, 0]


def test_the_length_is_watched_and_a_missing_text_is_missing() -> None:
    rows: list[dict[str, Any]] = [{"message": "one two"}, {"message": "null"}, {"message": 7}]
    columns, _ = prepare(DEFINITION, rows_to_columns(rows, DEFINITION.inputs), 3, columns=DEFINITION.inputs)

    np.testing.assert_array_equal(encode(DEFINITION, {}, columns)[:, TEXT[0]], [7, np.nan, 1])


def test_a_text_that_is_too_long_is_refused_with_the_limit() -> None:
    rows = [{"message": "a" * MAX_TEXT_LENGTH}, {"message": "a" * (MAX_TEXT_LENGTH + 1)}]
    _, problems = prepare(DEFINITION, rows_to_columns(rows, DEFINITION.inputs), 2, columns=DEFINITION.inputs)

    assert [(item.row, item.reason) for item in problems] == [(1, "expected a text of at most 10,000 letters")]


def test_a_text_is_no_target() -> None:
    with pytest.raises(DefinitionError, match=r"columns\.label\.type: expected category, boolean or number"):
        define(columns={"label": {"type": "text"}, "amount": {"type": "number"}})
