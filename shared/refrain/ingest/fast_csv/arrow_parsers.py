"""Numbers and times in the forms that nearly all have, read whole columns at a time by Arrow's kernels.

Each function returns the values, and the places of the cells that are in no such form and need the layer's own parser.
What is read here, the layer reads alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from preprocessing.values import EARLIEST, LARGEST, LATEST, numeric_marks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]
    Places = NDArray[np.int64]

_NUMBER = r"^-?([0-9]+\.?[0-9]*|\.[0-9]+)$"
_LEAP = "([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)"
_DAY = (
    "([0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
    f"|{_LEAP}-02-29)"
)
_CLOCK = r"[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?"
_TIMES = (
    (f"^{_DAY}{_CLOCK}(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$", pa.timestamp("us", "UTC")),
    (f"^{_DAY}({_CLOCK})?$", pa.timestamp("us")),
    ("^[0-9]{1,10}$", pa.int64()),
)
"""Forms of times, and what Arrow reads them as; the last ones are seconds."""

_MILLION = 1_000_000
_NAT = np.iinfo(np.int64).min


def plain_numbers(cells: Any, marks: frozenset[str], decimal: str) -> tuple[NDArray[np.float64], Places]:
    """Read digits with at most one minus and one point; missing is NaN.

    >>> plain_numbers(pa.array(["-1.5", "", "1e3", "x"]), frozenset([""]), ".")
    (array([-1.5,  nan,  nan,  nan]), array([2, 3]))
    """
    empty = np.diff(_offsets(cells)) == 0
    plain = ~empty & ~_with_other_letters(cells, decimal)
    cells = cells if decimal == "." else _pointed(cells, decimal)
    try:
        numbers = _cast(cells, plain, pa.float64())
    except pa.ArrowInvalid:  # such as 1.2.3, or a minus alone
        plain &= _bools(pc.match_substring_regex(cells, _NUMBER))
        numbers = _cast(cells, plain, pa.float64())
    values = np.array(numbers.to_numpy(zero_copy_only=False))
    for mark in numeric_marks(marks):
        values[values == mark] = np.nan
    plain &= ~(np.abs(values) > LARGEST)
    return values, np.flatnonzero(~plain & ~empty)


def plain_times(cells: Any, marks: frozenset[str], form: str) -> tuple[NDArray[np.datetime64], Places]:
    """Read ISO 8601 (date, or date and time, with `Z`, an offset or neither) and whole epoch seconds; missing is NaT.

    >>> plain_times(pa.array(["2026-01-31T12:00:00+01:00", "", "60", "31.1.26"]), frozenset([""]), "")[0].tolist()
    [datetime.datetime(2026, 1, 31, 11, 0), None, datetime.datetime(1970, 1, 1, 0, 1), None]
    """
    moments = np.full(len(cells), _NAT)
    left = np.flatnonzero(np.diff(_offsets(cells)))
    readable = not form and not any(mark[:1].isdigit() for mark in marks)
    for shape, kind in _TIMES if readable else ():
        if not len(left):
            break
        some = cells if len(left) == len(cells) else cells.take(pa.array(left))
        found = _bools(pc.match_substring_regex(some, shape))
        read = _cast(some, found, kind).cast(pa.int64()).fill_null(0).to_numpy()
        moments[left[found]] = read[found] * (_MILLION if kind == pa.int64() else 1)
        left = left[~found]
    beyond = (moments != _NAT) & ((moments < EARLIEST * _MILLION) | (moments >= LATEST * _MILLION))
    return moments.view("datetime64[us]"), np.union1d(left, np.flatnonzero(beyond))


def _with_other_letters(cells: Any, point: str) -> Mask:
    """Tell which cells have a letter that no plain number has."""
    offsets = _offsets(cells)
    letters = _letters(cells)[: offsets[-1]]
    wrong = (letters - np.uint8(48) > 9) & (letters != ord("-")) & (letters != ord(point))
    wrong[: offsets[0]] = False
    found = np.zeros(len(cells), bool)
    if wrong.any():
        found[np.searchsorted(offsets, np.flatnonzero(wrong), side="right") - 1] = True
    return found


def _pointed(cells: Any, comma: str) -> Any:
    """Write a point for a comma."""
    letters = _letters(cells)
    letters = np.where(letters == ord(comma), np.uint8(ord(".")), letters)
    return pa.Array.from_buffers(pa.string(), len(cells), [None, pa.py_buffer(_offsets(cells)), pa.py_buffer(letters)])


def _cast(cells: Any, chosen: Mask, kind: Any) -> Any:
    """Cast the chosen cells; the others become null."""
    if not chosen.all():
        valid = pa.py_buffer(np.packbits(chosen, bitorder="little"))
        offsets, letters = pa.py_buffer(_offsets(cells)), pa.py_buffer(_letters(cells))
        cells = pa.Array.from_buffers(pa.string(), len(cells), [valid, offsets, letters])
    return pc.cast(cells, kind)


def _offsets(cells: Any) -> NDArray[np.int32]:
    """Where each text begins among the letters, and at last where they end."""
    if not len(cells):
        return np.zeros(1, np.int32)
    return np.frombuffer(cells.buffers()[1], np.int32)[cells.offset : cells.offset + len(cells) + 1]


def _letters(cells: Any) -> NDArray[np.uint8]:
    letters = cells.buffers()[2] if len(cells) else None
    return np.frombuffer(letters or b"", np.uint8)


def _bools(array: Any) -> Mask:
    return np.asarray(array.to_numpy(zero_copy_only=False))
