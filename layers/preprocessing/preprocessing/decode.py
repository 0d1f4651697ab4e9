"""First verb: values as they came (text, JSON, Parquet) become typed columns, and a list of what could not.

Each type has one scalar parser below, and that is the whole grammar. Typed arrays and clean numeric text take a
vectorised way to the same result (a contract test holds the two together).
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing.columns import NAT, Array, Columns, Problem, missing, objects

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from preprocessing.definition import Column, Definition

MISSING_MARKS = frozenset({"", "null", "na", "nan"})
"""Texts that mean missing in every column, whatever their case, besides those of the definition."""

LARGEST = float(np.finfo(np.float32).max)
"""Features are float32, so a number beyond it is refused rather than turned into infinity."""

TRUE = frozenset({"true", "t", "yes", "y", "on", "1"})
FALSE = frozenset({"false", "f", "no", "n", "off", "0"})

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = 253402300800.0  # the end of year 9999, in epoch seconds
_EARLIEST = -62135596800.0
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
_PLAIN_TYPES = frozenset({str, float, int, type(None)})
_TEXT_TYPES = frozenset({str, type(None)})
_MANY = 32  # rows from which looking at a whole column first pays
_REPEATS = 8  # how often values repeat themselves where parsing each once beats parsing all in numpy


class _Invalid(Exception):
    """A cell that cannot be used; carries what was expected."""


def decode(
    definition: Definition, raw: Mapping[str, Array], rows: int, *, columns: Sequence[str] | None = None
) -> tuple[Columns, list[Problem]]:
    """Turn raw arrays into typed ones.

    `raw` maps column names to arrays of length `rows`: object arrays of text or JSON values, or typed arrays. A column
    that is absent is all missing; arrays of no column are passed over. `columns` are the names wanted (all, unless
    told). Cells that cannot be used are missing in the result and listed, in the order of columns.
    """
    decoded: dict[str, Array] = {}
    problems: list[Problem] = []
    for name in definition.columns if columns is None else columns:
        column = definition.columns[name]
        if name not in raw:
            decoded[name] = missing(column.kind, rows)
            continue
        decoded[name], reasons = _decode_column(column, raw[name], definition.source.decimal)
        problems.extend(Problem(row, name, raw[name][row], reason) for row, reason in reasons.items())
    return decoded, problems


def _decode_column(column: Column, raw: Array, decimal: str) -> tuple[Array, dict[int, str]]:
    marks = MISSING_MARKS | column.missing
    if column.kind == "number":
        typed = _numbers(raw, marks, decimal)
        if typed is not None:
            return typed, {}
        return _each(raw, lambda value: _number(value, marks, decimal), np.nan, np.float64)
    if column.kind == "boolean":
        return _each(raw, lambda value: _boolean(value, marks), np.nan, np.float64)
    if column.kind == "time":
        if raw.dtype.kind == "M" and _within_calendar(raw):
            return raw.astype("datetime64[us]"), {}
        return _each(raw, lambda value: _time(value, marks, column.format), NAT, "datetime64[us]")
    return _each(raw, lambda value: _category(value, marks), None, object)


def _each(raw: Array, parse: Callable[[object], Any], absent: object, dtype: Any) -> tuple[Array, dict[int, str]]:
    """Parse cell by cell; each distinct text is parsed once, since columns repeat themselves."""
    values = raw.tolist() if raw.dtype.kind not in "Mm" else raw.astype("datetime64[us]").tolist()
    if len(values) > _MANY and set(map(type, values)) <= _TEXT_TYPES:
        return _each_text(values, parse, absent, dtype)
    known: dict[str, Any] = {}
    parsed: list[Any] = []
    reasons: dict[int, str] = {}
    for row, value in enumerate(values):
        text = type(value) is str
        try:
            if text and value in known:
                result = known[value]
            else:
                result = parse(value)
                if text:
                    known[value] = result
        except _Invalid as invalid:
            reasons[row] = str(invalid)
            result = None
        parsed.append(absent if result is None else result)
    return (objects(parsed) if dtype is object else np.array(parsed, dtype=dtype)), reasons


def _each_text(
    values: list[str | None], parse: Callable[[object], Any], absent: object, dtype: Any
) -> tuple[Array, dict[int, str]]:
    """Do the same to a column of nothing but text: parse what is distinct, look up the rest."""
    known: dict[str | None, Any] = {None: absent}
    refused: dict[str | None, str] = {}
    for text in set(values) - {None}:
        try:
            result = parse(text)
        except _Invalid as invalid:
            result, refused[text] = None, str(invalid)
        known[text] = absent if result is None else result
    parsed = list(map(known.__getitem__, values))
    reasons = {row: refused[text] for row, text in enumerate(values) if text in refused} if refused else {}
    return (objects(parsed) if dtype is object else np.array(parsed, dtype=dtype)), reasons


def _numbers(raw: Array, marks: frozenset[str], decimal: str) -> Array | None:
    """Parse a whole column at once, or return None where a single cell needs a closer look."""
    if raw.dtype.kind not in "fiuO":
        return None
    if raw.dtype == object:
        values = raw.tolist()
        types = set(map(type, values))
        if not types <= _PLAIN_TYPES or (str in types and not _is_plain_text(values, types, decimal)):
            return None
    try:
        numbers = raw.astype(np.float64)
    except (ValueError, OverflowError):
        return None
    if bool((np.abs(numbers) > LARGEST).any()):
        return None
    for mark in _numeric(marks):
        numbers[numbers == mark] = np.nan
    return numbers


def _is_plain_text(values: list[Any], types: set[type], decimal: str) -> bool:
    """Tell whether numpy reads the texts of a column as `_number` does, and faster than their distinct ones alone."""
    if decimal != "." or (len(values) > _MANY and len(set(values)) * _REPEATS < len(values)):
        return False
    text = "\n".join(values if types == {str} else (value for value in values if type(value) is str))
    return text.isascii() and "_" not in text and "an" not in text.casefold()  # float() reads "-nan", we do not


@cache
def _numeric(marks: frozenset[str]) -> frozenset[float]:
    """The missing marks that are numbers, such as 999."""
    return frozenset(float(mark) for mark in marks if _NUMBER.fullmatch(mark))


def _number(value: object, marks: frozenset[str], decimal: str) -> float | None:
    value = _unboxed(value)
    if isinstance(value, str):
        text = value.strip()
        if text.casefold() in marks:
            return None
        if decimal == ",":
            text = text.replace(",", ".") if "." not in text else "two kinds of point"
        if not _NUMBER.fullmatch(text):
            raise _Invalid(_not_a_number(value.strip(), decimal))
        number = float(text)
    elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        number = _as_float(value)
    elif value is None:
        return None
    else:
        raise _Invalid("expected a number")
    if number != number:
        return None
    if abs(number) > LARGEST:
        raise _Invalid(f"expected a finite number of at most {LARGEST:.2e} in size")
    return None if number in _numeric(marks) else number


def _as_float(value: float | Decimal) -> float:
    try:
        return float(value)
    except (OverflowError, ValueError):  # an int beyond float64; a signalling NaN of Decimal
        return np.inf


def _not_a_number(text: str, decimal: str) -> str:
    if text.casefold().lstrip("+-") in {"inf", "infinity"}:
        return f"expected a finite number of at most {LARGEST:.2e} in size"
    if decimal == "." and "," in text and _NUMBER.fullmatch(text.replace(",", ".", 1)):
        return "expected a number with a decimal point (or source.decimal = ',' in the definition)"
    return "expected a number"


def _boolean(value: object, marks: frozenset[str]) -> float | None:
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
    elif isinstance(value, bool | int | float | Decimal):
        number = _as_float(value)
        if number != number:
            return None
        if number in (0.0, 1.0):
            return number
    raise _Invalid("expected true or false")


def _category(value: object, marks: frozenset[str]) -> str | None:
    value = _unboxed(value)
    if isinstance(value, bool):
        value = "true" if value else "false"
    elif isinstance(value, int | float | Decimal):
        number = _as_float(value)
        if number != number:
            return None
        if number in (np.inf, -np.inf):
            raise _Invalid("expected text or a finite number")
        value = str(int(value)) if isinstance(value, int) or number.is_integer() else repr(number)
    elif isinstance(value, date):
        value = value.isoformat()
    if value is None:
        return None
    if not isinstance(value, str):
        raise _Invalid("expected text")
    text = " ".join(value.split())
    if text.casefold() in marks:
        return None
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise _Invalid("expected valid Unicode text") from None
        text = unicodedata.normalize("NFC", text)
    return text


def _time(value: object, marks: frozenset[str], form: str) -> np.datetime64 | None:
    value = _unboxed(value)
    if isinstance(value, str):
        text = value.strip()
        if text.casefold() in marks:
            return None
        if form:
            try:
                return _moment(datetime.strptime(text, form))
            except ValueError:
                pass  # a caller may send ISO 8601 although the files have a form of their own
        if _NUMBER.fullmatch(text):
            return _epoch(float(text))
        try:
            return _moment(datetime.fromisoformat(text))
        except (ValueError, OverflowError):
            raise _Invalid("expected a time such as 2026-01-31T12:00:00Z, or epoch seconds") from None
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, date):
        return _moment(datetime(value.year, value.month, value.day, tzinfo=UTC))
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return _epoch(_as_float(value))
    if value is None:
        return None
    raise _Invalid("expected a time such as 2026-01-31T12:00:00Z, or epoch seconds")


def _epoch(seconds: float) -> np.datetime64 | None:
    if seconds != seconds:
        return None
    if not _EARLIEST <= seconds < _LATEST:
        raise _Invalid("expected epoch seconds of the years 1 to 9999 (milliseconds are not seconds)")
    return np.datetime64(round(seconds * 1e6), "us")


def _moment(moment: datetime) -> np.datetime64:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        return np.datetime64(aware.astimezone(UTC).replace(tzinfo=None), "us")
    except OverflowError:
        raise _Invalid("expected a time of the years 1 to 9999") from None


def _within_calendar(raw: Array) -> bool:
    seconds = raw.astype("datetime64[s]")
    seconds = seconds[~np.isnat(seconds)].astype(np.int64)
    return bool(((seconds >= _EARLIEST) & (seconds < _LATEST)).all())


def _unboxed(value: object) -> object:
    return value.item() if isinstance(value, np.generic) else value
