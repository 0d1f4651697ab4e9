"""The meaning of one value: a parser for each type; together they are the whole grammar (see docs/values.md).

Each parser returns None for a missing value. For one that cannot be used it raises `Invalid`, which `decode` turns into
a problem.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache

import numpy as np

MISSING_MARKS = frozenset({"", "null", "na", "nan"})
"""Texts that mean missing in every column, in any case, besides those of the definition."""

LARGEST = float(np.finfo(np.float32).max)
"""Features are float32, so a number beyond its range is refused; it would become infinity."""

TRUE = frozenset({"true", "t", "yes", "y", "on", "1"})
FALSE = frozenset({"false", "f", "no", "n", "off", "0"})

LATEST = 253402300800.0  # the end of year 9999, in epoch seconds
EARLIEST = -62135596800.0
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)


_NUMBERS = (int, float, Decimal)
_PLAIN = frozenset({str, int, float, bool, type(None)})


class Invalid(Exception):
    """A cell that cannot be used; carries what was expected."""


@cache
def numeric_marks(marks: frozenset[str]) -> frozenset[float]:
    """The missing marks that are numbers, such as 999."""
    return frozenset(float(mark) for mark in marks if NUMBER.fullmatch(mark))


def number_of(value: object, marks: frozenset[str], decimal: str) -> float | None:
    """Read a number; text has a decimal point, or a comma if the definition says so."""
    value = _unboxed(value)
    if isinstance(value, str):
        text = value.strip()
        if text.casefold() in marks:
            return None
        if decimal == ",":
            text = text.replace(",", ".") if "." not in text else "two kinds of point"
        if not NUMBER.fullmatch(text):
            raise Invalid(_not_a_number(value.strip(), decimal))
        number = float(text)
    elif isinstance(value, _NUMBERS) and not isinstance(value, bool):
        number = _as_float(value)
    elif value is None:
        return None
    else:
        raise Invalid("expected a number")
    if number != number:
        return None
    if abs(number) > LARGEST:
        raise Invalid(f"expected a finite number of at most {LARGEST:.2e} in size")
    return None if number in numeric_marks(marks) else number


def _as_float(value: float | Decimal) -> float:
    try:
        return float(value)
    except (OverflowError, ValueError):  # an int beyond float64; a signalling NaN of Decimal
        return np.inf


def _not_a_number(text: str, decimal: str) -> str:
    if text.casefold().lstrip("+-") in {"inf", "infinity"}:
        return f"expected a finite number of at most {LARGEST:.2e} in size"
    if decimal == "." and "," in text and NUMBER.fullmatch(text.replace(",", ".", 1)):
        return "expected a number with a decimal point (or source.decimal = ',' in the definition)"
    return "expected a number"


def boolean_of(value: object, marks: frozenset[str]) -> float | None:
    """Read a boolean as 1.0 or 0.0."""
    value = _unboxed(value)
    if isinstance(value, str):
        text = value.strip().casefold()
        if text in marks:
            return None
        if text in TRUE:
            return 1.0
        if text in FALSE:
            return 0.0
    elif value is None:
        return None
    elif isinstance(value, _NUMBERS):
        number = _as_float(value)
        if number != number:
            return None
        if number in (0.0, 1.0):
            return number
    raise Invalid("expected true or false")


def category_of(value: object, marks: frozenset[str]) -> str | None:
    """Read a text: without outer spaces, inner spaces single, in Unicode NFC; numbers and booleans become text."""
    value = _unboxed(value)
    if isinstance(value, bool):
        value = "true" if value else "false"
    elif isinstance(value, _NUMBERS):
        number = _as_float(value)
        if number != number:
            return None
        if number in (np.inf, -np.inf):
            raise Invalid("expected text or a finite number")
        value = str(int(value)) if isinstance(value, int) or number.is_integer() else repr(number)
    elif isinstance(value, date):
        value = value.isoformat()
    if value is None:
        return None
    if not isinstance(value, str):
        raise Invalid("expected text")
    text = " ".join(value.split())
    if text.casefold() in marks:
        return None
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise Invalid("expected valid Unicode text") from None
        text = unicodedata.normalize("NFC", text)
    return text


def time_of(value: object, marks: frozenset[str], form: str) -> np.datetime64 | None:
    """Read a time as UTC: ISO 8601, the column's own format, or epoch seconds."""
    value = _unboxed(value)
    if isinstance(value, str):
        text = value.strip()
        if text.casefold() in marks:
            return None
        if form:
            try:
                return _utc(datetime.strptime(text, form))
            except ValueError:
                pass  # a caller may send ISO 8601 although the files have their own format
        if NUMBER.fullmatch(text):
            return _epoch(float(text))
        try:
            return _utc(datetime.fromisoformat(text))
        except (ValueError, OverflowError):
            raise Invalid(_not_a_time(form)) from None
    if isinstance(value, datetime):
        return _utc(value)
    if isinstance(value, date):
        return _utc(datetime(value.year, value.month, value.day, tzinfo=UTC))
    if isinstance(value, _NUMBERS) and not isinstance(value, bool):
        return _epoch(_as_float(value))
    if value is None:
        return None
    raise Invalid(_not_a_time(form))


def _not_a_time(form: str) -> str:
    own_format = f"in the format {form}, " if form else ""
    return f"expected a time {own_format}such as 2026-01-31T12:00:00Z, or epoch seconds"


def _epoch(seconds: float) -> np.datetime64 | None:
    if seconds != seconds:
        return None
    if not EARLIEST <= seconds < LATEST:
        raise Invalid("expected epoch seconds of the years 1 to 9999 (milliseconds are not seconds)")
    return np.datetime64(round(seconds * 1e6), "us")


def _utc(time: datetime) -> np.datetime64:
    aware = time if time.tzinfo else time.replace(tzinfo=UTC)
    try:
        return np.datetime64(aware.astimezone(UTC).replace(tzinfo=None), "us")
    except OverflowError:
        raise Invalid("expected a time of the years 1 to 9999") from None


def _unboxed(value: object) -> object:
    return value.item() if type(value) not in _PLAIN and isinstance(value, np.generic) else value
