"""Columns of a block: numbers are read at once where they are plain, and as texts from the first odd cell on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from preprocessing.number_values import number_of
from refrain.ingest.fast_csv.arrow_cells import CellReader
from refrain.ingest.fast_csv.parsed_block import Layout
from refrain.ingest.readers.dialect import Dialect
from tests.contract.test_fast_csv import HEADER, define

if TYPE_CHECKING:
    from preprocessing import Definition

GOOD = "a,Bern,1,yes,60,\n"


def reader_of(definition: Definition, header: list[str] = HEADER) -> CellReader:
    indexes = {name: index for index, name in enumerate(header) if name in definition.columns}
    return CellReader(Layout(definition, Dialect(","), header, indexes, 1_000_000))


def amounts(reader: CellReader, lines: str) -> list[object]:
    cells = reader.read(lines.encode())
    assert cells is not None
    return list(cells["amount"].to_pylist())


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7", 7),
        (" 7.5 ", 7.5),
        ("", None),
        (" ", None),
        ("?", None),
        (" N/A", None),
        ("null", None),
        ("1e3", 1000),
        ("+1", 1),
    ],
)
def test_spaces_missing_marks_and_quotes_leave_numbers_plain(text: str, number: float | None) -> None:
    lines = GOOD + GOOD.replace("1", text, 1)
    assert amounts(reader_of(define()), lines) == [1, number]
    assert amounts(reader_of(define()), GOOD.replace("1", f'"{text}"', 1)) == [number]


@pytest.mark.parametrize("text", ["x", "NaN", "-nan", "inf", "1e999", "4e38", "1,5", "1_0", "0x1", "1 0", "٣"])
def test_any_other_cell_makes_texts_of_its_column(text: str) -> None:
    reader = reader_of(define())
    quoted = f'"{text}"'
    assert amounts(reader, GOOD + GOOD.replace("1", quoted, 1)) == ["1", text]
    assert amounts(reader, GOOD) == [1]
    reader.take_as_texts(["amount"])
    assert amounts(reader, GOOD) == ["1"]


@given(
    text=st.text(st.sampled_from("0123456789+-.,eEinfa_x \t\u00a0"), max_size=8), decimal=st.sampled_from([".", ","])
)
@hypothesis_settings(max_examples=300, deadline=None)
def test_what_arrow_reads_as_a_number_the_layer_reads_as_the_same(text: str, decimal: str) -> None:
    definition = define(decimal=decimal)
    column = definition.columns["amount"]
    (value,) = amounts(reader_of(definition), GOOD.replace("1", f'"{text}"', 1))
    if not isinstance(value, str):
        assert value in column.marks.numbers or number_of(text, column.numbers, column.marks) == value


def test_a_cell_that_may_be_longer_than_a_number_makes_texts() -> None:
    digits = "0" * 600 + "1"
    assert amounts(reader_of(define()), GOOD.replace("1", digits, 1)) == [digits]


@pytest.mark.parametrize("name", ["2026", "-1", ".5", "null"])
def test_a_column_whose_name_could_be_a_value_comes_as_texts(name: str) -> None:
    definition = define(rename={name: "amount"})
    header = [name if column == "amount" else column for column in HEADER]
    layout = Layout(definition, Dialect(","), header, {column: index for index, column in enumerate(HEADER)}, 1000)
    cells = CellReader(layout).read(GOOD.encode())
    assert cells is not None
    assert pa.types.is_string(cells["amount"].type)


@pytest.mark.parametrize("spelled", [HEADER, [f" {name}\u200b" for name in HEADER], [f'"{name}"' for name in HEADER]])
def test_a_block_that_may_hold_the_header_again_is_not_split(spelled: list[str]) -> None:
    assert reader_of(define()).read((GOOD + ",".join(spelled) + "\n").encode()) is None
