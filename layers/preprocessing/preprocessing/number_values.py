"""Numbers as people and programs write them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache

import numpy as np

from preprocessing.cells import Invalid, Marks, shortened, unboxed

LARGEST = float(np.finfo(np.float32).max)
"""Features are float32, so a number beyond its range is refused; it would become infinity."""

MAX_EXACT = 2.0**53
"""From here on, neighbouring whole numbers are the same float64."""

MAX_NUMBER_LENGTH = 500
"""A longer text is no number, and is not tried."""

NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
NUMBERS = (int, float, Decimal)

_FINITE = f"expected a finite number of at most {LARGEST:.2e} in size"
_EXACT = "expected a number below 2^53, since larger ones cannot be told apart: declare the key as a category"
_CODES = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF "
    "CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG "
    "HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA "
    "MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD "
    "RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX "
    "USD UYU UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG FR. FR SFR. KR KR. ZŁ KČ FT LEI RS RS. RM TL R$"
)
CURRENCIES = frozenset(_CODES.split())
_CURRENCY_FIRST = re.compile(r"([^\d\s.,'()+-]{1,3}\.?) ?(?=[\d.,(+-])")
_CURRENCY_LAST = re.compile(r"(?<=[\d.,)-]) ?([^\d\s.,'()+-]{1,3}\.?)$")


@dataclass(frozen=True)
class NumberForm:
    """How a column writes its numbers. `exact` refuses numbers that float64 cannot tell apart."""

    decimal: str = "."
    thousands: str = ""
    currency: bool = False
    percent: bool = False
    trailing_minus: bool = False
    exact: bool = False

    @property
    def is_plain(self) -> bool:
        """Tell whether a text is a number as it stands, or is no number."""
        return self.decimal == "." and not (self.thousands or self.currency or self.percent or self.trailing_minus)


def number_of(value: object, form: NumberForm, marks: Marks) -> float | None:
    """Read a number; text is read in the form of the column."""
    value = unboxed(value)
    if isinstance(value, str):
        text = shortened(value, MAX_NUMBER_LENGTH)
        if text is None:
            raise Invalid("expected a number")
        if text.casefold() in marks.texts:
            return None
        number = parse_number(text, form)
    elif isinstance(value, NUMBERS) and not isinstance(value, bool):
        number = to_float(value)
        if form.exact and isinstance(value, int) and abs(value) >= MAX_EXACT:
            raise Invalid(_EXACT)
    elif value is None:
        return None
    else:
        raise Invalid("expected a number")
    if number != number or number in marks.numbers:
        return None
    if abs(number) > LARGEST:
        raise Invalid(_FINITE)
    if form.exact and abs(number) >= MAX_EXACT:
        raise Invalid(_EXACT)
    return number


def to_float(value: float | Decimal) -> float:
    """Convert a number of Python; what float64 cannot hold becomes infinity."""
    try:
        return float(value)
    except (OverflowError, ValueError):  # an int beyond float64; a signalling NaN of Decimal
        return np.inf


def parse_number(text: str, form: NumberForm) -> float:
    """Read a tidy text as a number.

    >>> parse_number("CHF 1'234.50-", NumberForm(thousands="'", currency=True, trailing_minus=True))
    -1234.5
    """
    number = _number(text, form)
    if number is None:
        raise Invalid(_not_a_number(text, form))
    return number


def _number(text: str, form: NumberForm) -> float | None:
    if len(text) > MAX_NUMBER_LENGTH:
        return None
    if not form.is_plain or not text.isascii():
        text = _plain(text, form)
    return float(text) if NUMBER.fullmatch(text) else None


def _plain(text: str, form: NumberForm) -> str:
    """Rewrite a number with a leading minus and a decimal point; return no number for one in another form."""
    text = text.replace("\u2212", "-")
    percent = form.percent and text.endswith("%")
    if percent:
        text = text[:-1].rstrip()
    if form.currency:
        text = _without_currency(text)
    if (form.currency or form.thousands) and text[:1] == "(" and text[-1:] == ")":  # as accounts write a minus
        text = text[1:-1].strip()
        text = "-" + (_without_currency(text) if form.currency else text)
    if form.trailing_minus and text.endswith("-") and text[0] not in "+-":
        text = "-" + text[:-1].rstrip()
    if form.thousands:
        text = text.replace("\u2019", "'") if form.thousands == "'" else text
        if form.thousands in text:
            text = text.replace(form.thousands, "") if _grouped(form).fullmatch(text) else ""
    if form.decimal == ",":
        text = "" if "." in text else text.replace(",", ".")
    if percent and text:
        return f"{text}e-2" if "e" not in text.casefold() else ""
    return text


@cache
def _grouped(form: NumberForm) -> re.Pattern[str]:
    """Match a number with thousands signs, also in groups of two as in India."""
    sign, point = re.escape(form.thousands), re.escape(form.decimal)
    return re.compile(
        rf"[+-]?[1-9]\d{{0,2}}(?:{sign}\d{{2,3}})*{sign}\d{{3}}(?:{point}\d*)?(?:e[+-]?\d+)?", re.IGNORECASE | re.ASCII
    )


def _without_currency(text: str) -> str:
    """Drop one sign or code of a currency before or after a number."""
    sign = text[:1] if text[:1] in ("+", "-") else ""
    rest = text[len(sign) :].lstrip()
    for pattern in (_CURRENCY_FIRST.match(rest), _CURRENCY_LAST.search(rest)):
        if pattern and is_currency(pattern[1]):
            return sign + rest[: pattern.start()] + rest[pattern.end() :]
    return sign + rest


def is_currency(text: str) -> bool:
    """Tell whether a text is a currency's sign (also with a country's letters before it) or its code."""
    return text.upper() in CURRENCIES or unicodedata.category(text[-1]) == "Sc"


def _not_a_number(text: str, form: NumberForm) -> str:
    """Say what was expected; advise a key of the definition where it would read the text."""
    if text.casefold().lstrip("+-") in {"inf", "infinity"}:
        return _FINITE
    if len(text) > MAX_NUMBER_LENGTH or not any(map(str.isdigit, text)):
        return "expected a number"
    for advice, letters, other in _other_forms(form):
        if letters & _kinds(text) and _number(text, other) is not None:
            return f"expected a number {advice} in the definition)"
    return "expected a number"


def _kinds(text: str) -> set[str]:
    """Return the characters of a text besides digits; `letter` stands for all that currencies are written with."""
    text = text.replace("\u2019", "'")
    return {"letter" if letter.isalpha() or unicodedata.category(letter) == "Sc" else letter for letter in set(text)}


@cache
def _other_forms(form: NumberForm) -> list[tuple[str, set[str], NumberForm]]:
    """List forms that the text may have, the likelier first: advice, the characters that suggest it, and the form."""
    forms = [
        (f'without thousands signs (or thousands = "{sign}"', {sign}, replace(form, thousands=sign))
        for sign in (",", "'", " ", ".")
        if not form.thousands and sign != form.decimal
    ]
    if form.decimal == "." and form.thousands != ",":
        advice = "with a decimal point (or source.decimal = ','"
        forms.append((advice, {","}, replace(form, decimal=",", thousands="")))
    forms += [
        (f"without {words} (or {key} = true", letters, other)
        for key, words, letters, other in (
            ("percent", "a percent sign", {"%"}, replace(form, percent=True)),
            ("currency", "a currency", {"letter"}, replace(form, currency=True)),
            ("trailing_minus", "a minus behind it", {"-", "\u2212"}, replace(form, trailing_minus=True)),
        )
        if other != form
    ]
    return forms
