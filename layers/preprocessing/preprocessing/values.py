"""The meaning of one value: a parser for each type; together they are the whole grammar (see docs/values.md).

Each parser returns None for a missing value. For one that cannot be used it raises `Invalid`, which `decode` turns into
a problem. Numbers and times have modules of their own.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing.cells import (
    MAX_COMBINING_MARKS,
    MAX_MARK_LENGTH,
    Invalid,
    Marks,
    has_long_marks,
    shortened,
    tidy_text,
    unboxed,
)
from preprocessing.number_values import (
    MAX_NUMBER_LENGTH,
    NUMBER,
    NUMBERS,
    NumberForm,
    number_of,
    parse_number,
    to_float,
)
from preprocessing.texts import MAX_TEXT_LENGTH
from preprocessing.time_values import time_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from preprocessing.definition import Column

TRUE = frozenset({"true", "t", "yes", "y", "on", "1"})
FALSE = frozenset({"false", "f", "no", "n", "off", "0"})
_WHOLE = re.compile(r"([+-]?\d+)(\.0*)?", re.ASCII)


def parser_of(column: Column) -> Callable[[object], Any]:
    """Return the parser of a column's values."""
    marks, numbers, times = column.marks, column.numbers, column.times
    if column.kind == "number":
        return lambda value: number_of(value, numbers, marks)
    if column.kind == "boolean":
        return lambda value: boolean_of(value, numbers, marks)
    if column.kind == "time":
        return lambda value: time_of(value, times, marks)
    if column.text:
        return lambda value: text_of(value, marks)
    return lambda value: category_of(value, marks, whole=column.whole)


def marks_of(column: Column) -> Marks:
    """Parse the texts that mean missing by the column's own parser, so that they mean the same at every door."""
    texts = frozenset(tidy_text(text).casefold() for text in column.missing) | {""}
    no_marks = Marks(frozenset({""}))
    numbers = _parsed(column.missing, lambda text: number_of(text, replace(column.numbers, exact=False), no_marks))
    parsers: Mapping[str, Callable[[object], Any]] = {
        "boolean": lambda text: boolean_of(text, column.numbers, no_marks),
        "time": lambda text: time_of(text, column.times, no_marks),
        "category": lambda text: category_of(text, no_marks, whole=column.whole),
    }
    values = _parsed(column.missing, parsers[column.kind]) if column.kind in parsers else numbers
    if column.kind == "category":
        texts |= {value.casefold() for value in values}
    return Marks(texts, values, numbers)


def _parsed(texts: Collection[str], parse: Callable[[object], Any]) -> frozenset[Any]:
    """Parse the texts that have a value."""
    values = set()
    for text in texts:
        with suppress(Invalid):
            values.add(parse(text))
    return frozenset(values - {None})


def boolean_of(value: object, form: NumberForm, marks: Marks) -> float | None:
    """Read a boolean as 1.0 or 0.0."""
    if type(value) is bool and not marks.values:
        return 1.0 if value else 0.0
    value = unboxed(value)
    if value is None:
        return None
    truth = None
    if isinstance(value, str):
        tidy = shortened(value, MAX_NUMBER_LENGTH)
        if tidy is None:
            raise Invalid("expected true or false")
        text = tidy.casefold()
        if text in marks.texts:
            return None
        truth = 1.0 if text in TRUE else 0.0 if text in FALSE else _one_or_zero(text, form)
    elif isinstance(value, NUMBERS):
        truth = to_float(value)
    if truth is None:
        raise Invalid("expected true or false")
    if truth != truth or truth in marks.values or truth in marks.numbers:
        return None
    if truth not in (0.0, 1.0):
        raise Invalid("expected true or false")
    return truth


def _one_or_zero(text: str, form: NumberForm) -> float | None:
    try:
        return parse_number(text, form)
    except Invalid:
        return None


def category_of(value: object, marks: Marks, *, whole: bool = False) -> str | None:
    """Read a text: tidy; numbers and booleans become text. `whole` reads whole numbers as their digits alone."""
    if type(value) is str and value.isascii() and not whole:
        text = " ".join(value.split())
        return None if len(text) <= MAX_MARK_LENGTH and text.casefold() in marks.texts else text
    value = unboxed(value)
    if value is None:
        return None
    if isinstance(value, bool):
        value = "true" if value else "false"
    elif isinstance(value, NUMBERS):
        number = to_float(value)
        if number != number:
            return None
        if number in (np.inf, -np.inf):
            raise Invalid("expected text or a finite number")
        value = _digits(value, number)
    elif isinstance(value, date):
        value = value.isoformat()
    if not isinstance(value, str):
        raise Invalid("expected text")
    text = tidy_text(value)
    if len(text) <= MAX_MARK_LENGTH and text.casefold() in marks.texts:
        return None
    if not text.isascii():
        _check_unicode(text)
    if whole:
        text = _without_zeros(text)
        return None if text in marks.texts else text
    return text


def text_of(value: object, marks: Marks) -> str | None:
    """Read a free text: as a category, with a limit to its length."""
    text = category_of(value, marks)
    if text is not None and len(text) > MAX_TEXT_LENGTH:
        raise Invalid(f"expected a text of at most {MAX_TEXT_LENGTH:,} letters")
    return text


def _digits(value: float | Decimal, number: float) -> str:
    """Write a number as text; a decimal keeps all its digits and zeros."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(int(value)) if isinstance(value, int) or number.is_integer() else repr(number)


def _check_unicode(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Invalid("expected valid Unicode text") from None
    if has_long_marks(text):
        raise Invalid(f"expected text with at most {MAX_COMBINING_MARKS} combining marks in a row")


def _without_zeros(text: str) -> str:
    """Write a whole number as its digits alone; other texts stay as they are."""
    if len(text) > MAX_NUMBER_LENGTH or not NUMBER.fullmatch(text):
        return text
    match = _WHOLE.fullmatch(text)
    if match:
        return str(int(match[1]))
    number = float(text)
    return str(int(number)) if number.is_integer() else text
