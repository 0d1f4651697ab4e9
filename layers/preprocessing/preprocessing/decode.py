"""First verb: turn raw values (text, JSON, Parquet) into typed columns, and list those that cannot be used.

The scalar parsers in `values`, one for each type, are the whole grammar. Typed arrays, plain numeric text and repeated
texts take faster ways to the same result (contract tests hold them equal).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing.cells import FIRST, LAST, YEARS, Invalid
from preprocessing.columns import NAT, Array, Columns, Problem, missing, objects
from preprocessing.joined_times import join_times
from preprocessing.number_values import LARGEST, MAX_EXACT, MAX_NUMBER_LENGTH
from preprocessing.values import parser_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from preprocessing.definition import Column, Definition

_PLAIN_TYPES = frozenset({str, float, int, type(None)})
_TEXT_TYPES = frozenset({str, type(None)})
_MIN_COLUMN_ROWS = 32  # with fewer rows, parsing each value is faster than inspecting the column first
_SAMPLE_ROWS = 1000  # rows that show whether looking for repeated values in all rows pays
_MIN_REPEATS = 8  # with more repeats of each value, parsing each value once beats parsing all in numpy


def decode(
    definition: Definition, raw: Mapping[str, Array], rows: int, *, columns: Sequence[str] | None = None
) -> tuple[Columns, list[Problem]]:
    """Turn raw arrays into typed ones.

    `raw` maps column names to arrays of length `rows`: object arrays of texts or JSON values, or typed arrays. The
    values of an absent column are missing, unless it is a time whose parts are there. Arrays of other names are
    ignored. `columns` names the columns to decode (default: all). Cells that cannot be used are missing in the result
    and listed, in the order of columns.
    """
    raw = join_times(definition, raw, rows)
    decoded: dict[str, Array] = {}
    problems: list[Problem] = []
    for name in definition.columns if columns is None else columns:
        column = definition.columns[name]
        if name not in raw:
            decoded[name] = missing(column.kind, rows)
            continue
        values = raw[name]
        decoded[name], reasons = _decode_column(column, objects(values) if isinstance(values, list) else values)
        problems.extend(Problem(row, name, raw[name][row], reason) for row, reason in reasons.items())
    return decoded, problems


def _decode_column(column: Column, raw: Array) -> tuple[Array, dict[int, str]]:
    if column.kind == "number":
        typed = _numbers(raw, column)
        if typed is not None:
            return typed, {}
    if column.kind == "time" and raw.dtype.kind == "M":
        return _typed_times(raw, column)
    absent, dtype = _TYPED[column.kind]
    return _decode_cells(raw, parser_of(column), absent, dtype)


_TYPED: Mapping[str, tuple[Any, Any]] = {
    "number": (np.nan, np.float64),
    "boolean": (np.nan, np.float64),
    "time": (NAT, "datetime64[us]"),
    "category": (None, object),
}
"""How a missing value is written, and the type of the array, for each kind of column."""


def _decode_cells(
    raw: Array, parse: Callable[[object], Any], absent: object, dtype: Any
) -> tuple[Array, dict[int, str]]:
    """Parse cell by cell."""
    # A float32 is read by its own shortest text, and a time may lie beyond Python's calendar.
    values = list(raw) if raw.dtype.kind == "M" or raw.dtype in (np.float32, np.float16) else raw.tolist()
    if len(values) > _MIN_COLUMN_ROWS and set(map(type, values)) <= _TEXT_TYPES:
        return _decode_texts(values, parse, absent, dtype)
    parsed: list[Any] = []
    reasons: dict[int, str] = {}
    for row, value in enumerate(values):
        try:
            result = parse(value)
        except Invalid as invalid:
            result, reasons[row] = None, str(invalid)
        parsed.append(absent if result is None else result)
    return (objects(parsed) if dtype is object else np.array(parsed, dtype=dtype)), reasons


def _decode_texts(
    values: list[str | None], parse: Callable[[object], Any], absent: object, dtype: Any
) -> tuple[Array, dict[int, str]]:
    """Parse each distinct text of a column only once, since columns repeat their values."""
    results: dict[str | None, Any] = {None: absent}
    refused: dict[str | None, str] = {}
    for text in set(values) - {None}:
        try:
            result = parse(text)
        except Invalid as invalid:
            result, refused[text] = None, str(invalid)
        results[text] = absent if result is None else result
    parsed = list(map(results.__getitem__, values))
    reasons = {row: refused[text] for row, text in enumerate(values) if text in refused} if refused else {}
    return (objects(parsed) if dtype is object else np.array(parsed, dtype=dtype)), reasons


def _numbers(raw: Array, column: Column) -> Array | None:
    """Parse a whole column at once; return None where a cell needs the scalar parser."""
    if raw.dtype.kind not in "fiuO":
        return None
    if raw.dtype == object:
        values = raw.tolist()
        types = set(map(type, values))
        if not types <= _PLAIN_TYPES or (str in types and not _is_plain_text(values, types, column.numbers.decimal)):
            return None
    elif raw.dtype in (np.float32, np.float16):
        raw = raw.astype(str)
    try:
        numbers = raw.astype(np.float64)
    except (ValueError, OverflowError):
        return None
    sizes = np.abs(numbers)
    if bool((sizes > LARGEST).any()) or (column.numbers.exact and bool((sizes >= MAX_EXACT).any())):
        return None
    for mark in column.marks.numbers:
        numbers[numbers == mark] = np.nan
    return numbers


def _is_plain_text(values: list[Any], types: set[type], decimal: str) -> bool:
    """Tell whether numpy reads the texts as `number_of` does, and faster than the distinct texts one by one."""
    if decimal != ".":
        return False
    if len(values) > _MIN_COLUMN_ROWS and _repeats_itself(values[:_SAMPLE_ROWS]) and _repeats_itself(values):
        return False
    texts = values if types == {str} else [value for value in values if type(value) is str]
    text = "\n".join(texts)
    steps = range(0, len(text), MAX_NUMBER_LENGTH // 2)
    if any(text.find("\n", step, step + MAX_NUMBER_LENGTH // 2) < 0 for step in steps[:-1]):  # perhaps a long one
        return False
    # float() reads "-nan" and "1_0"; `number_of` does not.
    return text.isascii() and not any(character in text for character in "_nN")


def _repeats_itself(values: list[Any]) -> bool:
    return len(set(values)) * _MIN_REPEATS < len(values)


def _typed_times(raw: Array, column: Column) -> tuple[Array, dict[int, str]]:
    seconds = raw.astype("datetime64[s]")
    outside = (seconds < FIRST) | (seconds > LAST)
    reasons = dict.fromkeys(np.flatnonzero(outside).tolist(), YEARS)
    times = (np.where(outside, FIRST.astype(raw.dtype), raw) if reasons else raw).astype(NAT.dtype)
    times[list(reasons)] = NAT
    if column.marks.values:
        times[np.isin(times, np.array(list(column.marks.values), NAT.dtype))] = NAT
    return times, reasons
