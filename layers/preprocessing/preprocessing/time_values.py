"""Times as people and programs write them; all become UTC."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from preprocessing.cells import YEARS, Invalid, Marks, shortened, unboxed, within_calendar
from preprocessing.number_values import NUMBER, NUMBERS, to_float
from preprocessing.time_formats import read_by_formats, read_iso

if TYPE_CHECKING:
    from decimal import Decimal

    from preprocessing.columns import Array

LATEST = 253402300800.0  # the end of year 9999, in epoch seconds
EARLIEST = -62135596800.0

MAX_TIME_LENGTH = 200
"""A longer text is no time, and is not tried."""

UNITS = {"s": 10**6, "ms": 10**3, "us": 1, "ns": 1, "days": 86_400 * 10**6, "spreadsheet": 86_400 * 10**6}
"""Units of times that are numbers, in microseconds (`ns` is divided by 1,000)."""

_SPREADSHEET = 25_569  # days from the zero of spreadsheets, 1899-12-30, to 1970
_FAR_YEAR = re.compile(r"[+-]?\d{5,}-\d|-\d{4}-\d|0000-\d", re.ASCII)


@dataclass(frozen=True)
class TimeForm:
    """How a column writes its times: by formats, or as numbers of a unit. `zone` is that of times without one.

    `parts` are the columns that together make one time.
    """

    formats: tuple[str, ...] = ()
    unit: str = ""
    zone: str = ""
    decimal: str = "."
    parts: tuple[str, ...] = ()


def time_of(value: object, form: TimeForm, marks: Marks) -> np.datetime64 | None:
    """Read a time as UTC: ISO 8601, the column's own formats, or a number of its unit (epoch seconds by default)."""
    time: np.datetime64 | None
    if type(value) is str and value[4:5] == "-" and len(value) <= MAX_TIME_LENGTH and not form.formats:
        with suppress(ValueError):  # ISO 8601 as it stands; a mark that is a time is met by its value
            time = _utc(datetime.fromisoformat(value), form)
            return None if time in marks.values else time
    if isinstance(value, np.datetime64):  # a typed time is in UTC already
        time = None if np.isnat(value) else within_calendar(value)
        return None if time in marks.values else time
    value = unboxed(value)
    if value is None:
        return None
    if isinstance(value, str):
        text = shortened(value, MAX_TIME_LENGTH)
        if text is None:
            raise Invalid(_not_a_time(form))
        if text.casefold() in marks.texts:
            return None
        time = _parse(text, form, marks)
    elif isinstance(value, datetime):
        time = _utc(value, form)
    elif isinstance(value, date):
        time = _utc(datetime(value.year, value.month, value.day), form)
    elif isinstance(value, NUMBERS) and not isinstance(value, bool):
        number = to_float(value)
        time = None if number != number or number in marks.numbers else _of_number(value, form)
    else:
        raise Invalid(_not_a_time(form))
    return None if time in marks.values else time


def _parse(text: str, form: TimeForm, marks: Marks) -> np.datetime64 | None:
    if text[4:5] != "-" or form.formats:
        number = text.replace(",", ".") if form.decimal == "," else text
        if NUMBER.fullmatch(number):
            if float(number) in marks.numbers:
                return None
            if not form.formats:
                return _of_number(int(text) if text.isdigit() else float(number), form)
    time = read_by_formats(text, form.formats)
    if time is None and (not form.formats or _is_iso(text, form.formats)):
        time = read_iso(text)
    if time is None:
        raise Invalid(YEARS if _FAR_YEAR.match(text) else _not_a_time(form))
    return _utc(time, form)


def _is_iso(text: str, formats: tuple[str, ...]) -> bool:
    """Tell whether ISO 8601 may be read beside the formats: with separators, and not as a format's own shape."""
    return text[4:5] == "-" and (len(text) > 10 or not any(pattern.startswith("%Y-%d") for pattern in formats))


def _of_number(value: float | Decimal, form: TimeForm) -> np.datetime64:
    """Read a number: its digits by the formats, or so many of the unit."""
    number = to_float(value)
    if form.formats:
        time = read_by_formats(str(int(value)), form.formats) if abs(number) < 1e30 and number == int(value) else None
        if time is None:
            raise Invalid(_not_a_time(form))
        return _utc(time, form)
    if abs(number) < 1e30 and number == int(value):
        micros = (int(value) - _SPREADSHEET * (form.unit == "spreadsheet")) * UNITS[form.unit or "s"]
        micros = micros // 1000 if form.unit == "ns" else micros
    elif not abs(number) < 1e30:
        micros = 10**30
    elif form.unit in ("days", "spreadsheet"):  # a day's float64 keeps milliseconds, but not microseconds
        micros = round((number - _SPREADSHEET * (form.unit == "spreadsheet")) * 86_400_000) * 1000
    else:
        micros = round(number * UNITS[form.unit or "s"] / (1000 if form.unit == "ns" else 1))
    if not EARLIEST * 1e6 <= micros < LATEST * 1e6:
        seconds = ' (as epoch seconds; for milliseconds, unit = "ms" in the definition)'
        raise Invalid(YEARS + ("" if form.unit else seconds))
    return np.datetime64(micros, "us")


def _utc(time: datetime, form: TimeForm) -> np.datetime64:
    aware = time if time.tzinfo else time.replace(tzinfo=ZoneInfo(form.zone) if form.zone else UTC)
    try:
        return np.datetime64(aware.astimezone(UTC).replace(tzinfo=None), "us")
    except OverflowError:
        raise Invalid(YEARS) from None


def from_zone(times: Array, zone: str) -> Array:
    """Convert local times of a zone to UTC; those that cannot be converted stay as they are."""
    distinct, indexes = np.unique(times, return_inverse=True)
    form = TimeForm(zone=zone)
    converted = distinct.copy()
    for index, time in enumerate(distinct):
        try:
            converted[index] = time if np.isnat(time) else _utc(within_calendar(time).item(), form)
        except Invalid:
            continue
    return converted[indexes]


def to_zone(times: Array, zone: str) -> Array:
    """Convert times in UTC to the local times of a zone.

    >>> to_zone(np.array(["2026-07-01T06:00"], "datetime64[us]"), "Europe/Zurich").tolist()
    [datetime.datetime(2026, 7, 1, 8, 0)]
    """
    quarters = times.astype("datetime64[m]").astype(np.int64) // 15  # no zone changes its clocks in between
    distinct, indexes = np.unique(quarters, return_inverse=True)
    offsets = [_offset(int(quarter) * 900, ZoneInfo(zone)) for quarter in distinct]
    return np.asarray(times + np.array(offsets, "timedelta64[us]")[indexes])


def _offset(seconds: int, zone: ZoneInfo) -> timedelta:
    if not EARLIEST <= seconds < LATEST:  # a missing time
        return timedelta(0)
    try:
        return datetime.fromtimestamp(seconds, UTC).astimezone(zone).utcoffset() or timedelta(0)
    except OverflowError:  # on the first or last day of the calendar
        return timedelta(0)


def _not_a_time(form: TimeForm) -> str:
    of = f" of {', '.join(form.parts)}" if form.parts else ""
    if form.formats:
        return f"expected a time{of} in the format {' or '.join(form.formats)}, or such as 2026-01-31T12:00:00Z"
    if form.parts:
        return f"expected a time{of} such as 2026-01-31 12:00 (or the key format in the definition)"
    unit = "epoch seconds" if form.unit in ("", "s") else f"a number of the unit {form.unit!r}"
    return f"expected a time such as 2026-01-31T12:00:00Z, or {unit}"
