"""Tells in which form texts are numbers: with thousands signs, currencies, percent signs, or a minus behind them."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from preprocessing.cells import Invalid, Marks
from preprocessing.number_values import NumberForm, number_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

THOUSANDS = (",", "'", " ", ".")
NO_MARKS = Marks(frozenset({""}))
_SHAPES = {
    "percent": re.compile(r"\d\s?%$"),
    "currency": re.compile(r"^[^\d\s.,'()+-]{1,3}\.? ?[\d.,(]|[\d.,)] ?[^\d\s.,'%()+-]{1,3}\.?$|^\(.*\)$"),
    "trailing_minus": re.compile(r"\d-$"),
}
_LEADING_ZERO = re.compile(r"[+-]?0\d+", re.ASCII)


def guess_numbers(values: Collection[Any], decimal: str) -> tuple[dict[str, Any], dict[Any, float]]:
    """Return the keys of the form that reads most of the values, and the numbers that it reads.

    There are no keys where values are numbers as they stand.

    >>> guess_numbers(["$1,234", "?"], ".")
    ({'thousands': ',', 'currency': True}, {'$1,234': 1234.0})
    """
    plain = _read(values, NumberForm(decimal))
    unread = [value for value in values if isinstance(value, str) and value not in plain]
    keys = _keys_of(unread, decimal)
    formed = _read(values, NumberForm(decimal, **keys)) if keys else {}
    return (keys, formed) if len(formed) > len(plain) else ({}, plain)


def _read(values: Collection[Any], form: NumberForm) -> dict[Any, float]:
    numbers = {}
    for value in values:
        with suppress(Invalid):
            number = number_of(value, form, NO_MARKS)
            if number is not None:
                numbers[value] = number
    return numbers


def _keys_of(texts: Collection[str], decimal: str) -> dict[str, Any]:
    """Return the keys that the signs in texts ask for."""
    keys: dict[str, Any] = {}
    signs = [sign for sign in THOUSANDS if sign != decimal and any(_has_groups(text, sign, decimal) for text in texts)]
    if signs:
        keys["thousands"] = signs[0]
    return keys | {name: True for name, shape in _SHAPES.items() if any(map(shape.search, texts))}


def has_leading_zeros(values: Iterable[object]) -> bool:
    """Tell whether digits begin with zeros, which numbers would lose."""
    return any(isinstance(value, str) and _LEADING_ZERO.fullmatch(value) for value in values)


def _has_groups(text: str, sign: str, decimal: str) -> bool:
    text = text.replace("\u2019", "'")
    point = re.escape(decimal)
    return re.search(rf"(?<![\d{point}])[1-9]\d{{0,2}}(?:{re.escape(sign)}\d{{3}})+(?!\d)", text) is not None
