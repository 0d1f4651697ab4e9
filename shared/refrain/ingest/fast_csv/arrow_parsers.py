"""Reads whole columns of numbers and times in their most common forms, with Arrow's kernels.

Each function returns the values, and the indexes of the cells in another form, which need the layer's own parser. The
layer reads the forms handled here in the same way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from preprocessing.number_values import LARGEST, MAX_EXACT, MAX_NUMBER_LENGTH
from preprocessing.time_values import EARLIEST, LATEST

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from preprocessing import Column
    from preprocessing.time_values import TimeForm

    Mask = NDArray[np.bool_]
    Indexes = NDArray[np.int64]

_NUMBER = r"^-?([0-9]+\.?[0-9]*|\.[0-9]+)$"
_LEAP = "([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)"
_DAY = (
    "([0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
    f"|{_LEAP}-02-29)"
)
_CLOCK = r"[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?"
_TIMES: tuple[tuple[str, Any, Callable[[TimeForm], bool]], ...] = (
    (f"^{_DAY}{_CLOCK}(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$", pa.timestamp("us", "UTC"), lambda _: True),
    (f"^{_DAY}({_CLOCK})?$", pa.timestamp("us"), lambda form: not form.zone),
    ("^[0-9]{1,10}$", pa.int64(), lambda form: form.unit in ("", "s")),
)
"""Forms of times, the types that Arrow reads them as, and for which columns; the last form is epoch seconds."""

_MILLION = 1_000_000
_NAT = np.iinfo(np.int64).min


def are_plain(numbers: Any, column: Column) -> bool:
    """Tell whether numbers that Arrow read while splitting lines are what the layer reads; null is missing."""
    sizes = np.abs(numbers.to_numpy(zero_copy_only=False))
    return bool((~_are_too_large(sizes, column) & ~np.isnan(sizes)).sum() == len(sizes) - numbers.null_count)


def read_numbers(cells: Any, column: Column) -> tuple[NDArray[np.float64], Indexes]:
    """Read digits with at most one minus and one point; missing is NaN. Plain numbers are taken as they are.

    >>> from preprocessing import Column
    >>> read_numbers(pa.array(["-1.5", "", "1e3", "x"]), Column("x", "number"))
    (array([-1.5,  nan,  nan,  nan]), array([2, 3]))
    """
    is_text = pa.types.is_string(cells.type)
    numbers, unread = _cast_numbers(cells, column) if is_text else (cells, np.zeros(len(cells), bool))
    values = np.array(numbers.to_numpy(zero_copy_only=False))
    for mark in column.marks.numbers:
        values[values == mark] = np.nan
    if is_text:
        unread |= _are_too_large(np.abs(values), column)
    return values, np.flatnonzero(unread)


def _are_too_large(sizes: NDArray[np.float64], column: Column) -> Mask:
    return sizes >= MAX_EXACT if column.numbers.exact else sizes > LARGEST


def _cast_numbers(cells: Any, column: Column) -> tuple[Any, Mask]:
    """Cast texts; return a mask of those that are neither empty nor plain, which become null."""
    point = column.numbers.decimal
    lengths = np.diff(_offsets(cells))
    empty = lengths == 0
    plain = ~empty & ~_with_other_characters(cells, point)
    if len(cells) and lengths.max() > MAX_NUMBER_LENGTH:
        plain &= lengths <= MAX_NUMBER_LENGTH
    cells = cells if point == "." else _with_points(cells, point)
    try:
        numbers = _cast(cells, plain, pa.float64())
    except pa.ArrowInvalid:  # such as 1.2.3, or a minus alone
        plain &= _bools(pc.match_substring_regex(cells, _NUMBER))
        numbers = _cast(cells, plain, pa.float64())
    return numbers, ~plain & ~empty


def read_times(cells: Any, column: Column) -> tuple[NDArray[np.datetime64], Indexes]:
    """Read ISO 8601 (date, or date and time, with `Z`, an offset or neither) and whole epoch seconds; missing is NaT.

    >>> from preprocessing import Column
    >>> read_times(pa.array(["2026-01-31T12:00:00+01:00", "", "60", "31.1.26"]), Column("at", "time"))[0].tolist()
    [datetime.datetime(2026, 1, 31, 11, 0), None, datetime.datetime(1970, 1, 1, 0, 1), None]
    """
    form = column.times
    times = np.full(len(cells), _NAT)
    unread = np.flatnonzero(np.diff(_offsets(cells)))
    for pattern, kind, is_plain in () if form.formats else _TIMES:
        if not len(unread):
            break
        if not is_plain(form):
            continue
        rest = cells if len(unread) == len(cells) else cells.take(pa.array(unread))
        matches = _bools(pc.match_substring_regex(rest, pattern))
        values = _cast(rest, matches, kind).cast(pa.int64()).fill_null(0).to_numpy()
        times[unread[matches]] = values[matches] * (_MILLION if kind == pa.int64() else 1)
        unread = unread[~matches]
    beyond = (times != _NAT) & ((times < EARLIEST * _MILLION) | (times >= LATEST * _MILLION))
    typed = times.view("datetime64[us]")
    if column.marks.values:
        typed[np.isin(typed, np.array(list(column.marks.values), typed.dtype))] = np.datetime64("NaT", "us")
    return typed, np.union1d(unread, np.flatnonzero(beyond))


def without_spaces(cells: Any) -> Any:
    """Drop the spaces before texts."""
    return pc.ascii_ltrim(cells, " ") if (_characters(cells) == ord(" ")).any() else cells


def _with_other_characters(cells: Any, point: str) -> Mask:
    """Tell which cells have a character that no plain number has."""
    offsets = _offsets(cells)
    characters = _characters(cells)[: offsets[-1]]
    other = (characters - np.uint8(48) > 9) & (characters != ord("-")) & (characters != ord(point))
    other[: offsets[0]] = False
    mask = np.zeros(len(cells), bool)
    if other.any():
        mask[np.searchsorted(offsets, np.flatnonzero(other), side="right") - 1] = True
    return mask


def _with_points(cells: Any, comma: str) -> Any:
    """Replace each comma by a point."""
    characters = _characters(cells)
    characters = np.where(characters == ord(comma), np.uint8(ord(".")), characters)
    buffers = [None, pa.py_buffer(_offsets(cells)), pa.py_buffer(characters)]
    return pa.Array.from_buffers(pa.string(), len(cells), buffers)


def _cast(cells: Any, chosen: Mask, kind: Any) -> Any:
    """Cast the chosen cells; all others become null."""
    if not chosen.all():
        valid = pa.py_buffer(np.packbits(chosen, bitorder="little"))
        offsets, characters = pa.py_buffer(_offsets(cells)), pa.py_buffer(_characters(cells))
        cells = pa.Array.from_buffers(pa.string(), len(cells), [valid, offsets, characters])
    return pc.cast(cells, kind)


def _offsets(cells: Any) -> NDArray[np.int32]:
    """Return where each text begins among the characters, and where the last one ends."""
    if not len(cells):
        return np.zeros(1, np.int32)
    return np.frombuffer(cells.buffers()[1], np.int32)[cells.offset : cells.offset + len(cells) + 1]


def _characters(cells: Any) -> NDArray[np.uint8]:
    characters = cells.buffers()[2] if len(cells) else None
    return np.frombuffer(characters or b"", np.uint8)


def _bools(array: Any) -> Mask:
    return np.asarray(array.to_numpy(zero_copy_only=False))
