"""Any value of 1 MB gets its answer at once: each parser is linear, or refuses a long text without a closer look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preprocessing import parse_definition, prepare, rows_to_columns
from refrain.fast_path.features import RequestFeatures
from refrain.ingest.fast_csv.arrow_columns import DICTIONARY_KINDS, typed_columns
from tests.processor_time import processor_seconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from preprocessing import Definition

SIZE = 1_000_000
MAX_CPU_SECONDS = 0.1

COLUMNS: dict[str, dict[str, Any]] = {
    "number": {"type": "number"},
    "written number": {
        "type": "number", "thousands": ",", "currency": True, "percent": True, "trailing_minus": True,
    },
    "boolean": {"type": "boolean"},
    "time": {"type": "time"},
    "formatted time": {"type": "time", "format": ["%Y%m%d", "%d.%m.%Y %H:%M:%S.%f", "%d %B %Y"], "zone": "Asia/Tokyo"},
    "spreadsheet time": {"type": "time", "unit": "spreadsheet"},
    "category": {"type": "category"},
    "ruled category": {"type": "category", "whole": True, "lower": True, "replace": {"a": "b"}},
}  # fmt: skip
PIECES = [
    "9", "a", " ", ".", ",", "-", "+", "e", "%", "'", '"', ":", "T", "Z", "\u20ac", "\u2212", "\u200b", "\u0301",
    "\u0327", "\ud800", "\uac00", "\u1100\u1161\u11a8", "\u00df", "1,", ",234", "24", "1e", "2026-01-31 ",
    "a\u0301\u0327", "\u0301\u0327",
]  # fmt: skip


def define(column: dict[str, Any]) -> Definition:
    document = {
        "task": "classification",
        "target": "y",
        "columns": {"x": column, "y": {"type": "category"}},
        "training": {"candidates": [{"name": "tree", "estimator": "sklearn.tree.DecisionTreeClassifier"}]},
    }
    return parse_definition("m", document, "m.toml")


def alone(definition: Definition, text: str) -> None:
    prepare(definition, rows_to_columns([{"x": text}], ["x"]), 1, columns=["x"])


def among_many(definition: Definition, text: str) -> None:
    prepare(definition, rows_to_columns([{"x": text}, *[{"x": "1"}] * 40], ["x"]), 41, columns=["x"])


def in_a_request(definition: Definition, text: str) -> None:
    RequestFeatures(definition, {}).prepare({"x": [text]}, 1)


def in_a_block_of_csv(definition: Definition, text: str) -> None:
    cells: Any = pa.array([text.encode(errors="replace").decode(), "1"])
    if definition.columns["x"].kind in DICTIONARY_KINDS:
        cells = cells.dictionary_encode()
    typed_columns(definition, {"x": cells, "y": pa.array(["a", "b"]).dictionary_encode()}, 2)


DOORS = [alone, among_many, in_a_request, in_a_block_of_csv]


def cpu_seconds(work: Callable[[], object]) -> float:
    """The least of two, since the first may prepare a table or wait for the collector."""
    seconds = []
    for _ in range(2):
        with processor_seconds() as passed:
            work()
            seconds.append(passed())
    return min(seconds)


def assert_bounded(door: Callable[[Definition, str], None], column: str, text: str) -> None:
    definition = define(COLUMNS[column])
    assert cpu_seconds(lambda: door(definition, text)) < MAX_CPU_SECONDS


def long_text(parts: list[str]) -> str:
    """Repeat the parts to 1 MB of UTF-8; the first and the last letter stand alone."""
    first, *middle, last = parts
    unit = "".join(middle)
    return first + unit * (SIZE // max(1, len(unit.encode(errors="replace")))) + last


@pytest.mark.parametrize("piece", PIECES, ids=ascii)
@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_one_piece_repeated_is_answered_at_once(
    door: Callable[[Definition, str], None], column: str, piece: str
) -> None:
    assert_bounded(door, column, long_text(["1", piece, "x"]))


@given(
    door=st.sampled_from(DOORS),
    column=st.sampled_from(list(COLUMNS)),
    parts=st.lists(st.sampled_from(PIECES) | st.text(max_size=3), min_size=3, max_size=6).filter(
        lambda parts: "".join(parts[1:-1])
    ),
)
@settings(max_examples=60, deadline=None)
def test_any_text_is_answered_at_once(door: Callable[[Definition, str], None], column: str, parts: list[str]) -> None:
    assert_bounded(door, column, long_text(parts))
