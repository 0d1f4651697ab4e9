"""Tidy text: invisible letters and long rows of marks are found whatever stands around them."""

from __future__ import annotations

import unicodedata
from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from preprocessing.cells import _INVISIBLE, MAX_COMBINING_MARKS, MAX_UNCHECKED_LENGTH, has_long_marks, tidy_text


@given(
    before=st.text(st.sampled_from("aé\u0301 "), max_size=70),
    marks=st.integers(0, 70),
    after=st.text(st.sampled_from("aé\u0301 "), max_size=70),
    length=st.integers(0, 2),
)
def test_a_long_row_of_marks_is_found_wherever_it_stands(before: str, marks: int, after: str, length: int) -> None:
    text = before + "\u0301" * marks + after + "b" * length * MAX_UNCHECKED_LENGTH
    runs = (
        len(list(run)) for is_mark, run in groupby(text, lambda letter: unicodedata.combining(letter) > 0) if is_mark
    )
    expected = len(text) > MAX_UNCHECKED_LENGTH and max(runs, default=0) > MAX_COMBINING_MARKS
    assert has_long_marks(text) == expected


def test_no_invisible_letter_is_printable_so_that_all_are_dropped() -> None:
    invisible = [chr(code) for code in range(0x10000) if _INVISIBLE.match(chr(code))]
    assert len(invisible) > 20
    assert [tidy_text(f"ä {letter} b{letter}") for letter in invisible] == ["ä b"] * len(invisible)
