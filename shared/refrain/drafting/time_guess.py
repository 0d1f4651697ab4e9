"""Tells in which formats texts are times, and which numbers are."""

from __future__ import annotations

from itertools import combinations, product
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing.cells import Invalid, Marks
from preprocessing.number_values import NUMBER
from preprocessing.time_values import TimeForm, time_of
from refrain.checks.column_checks import written_date

if TYPE_CHECKING:
    from collections.abc import Sequence

NO_MARKS = Marks(frozenset({""}))
_DATES = (
    *("%Y/%m/%d", "%Y.%m.%d", "%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%m-%d-%Y", "%d-%m-%Y"),
    *("%d.%m.%y", "%m/%d/%y", "%d/%m/%y", "%m-%d-%y", "%d-%m-%y", "%d-%b-%Y", "%d-%b-%y", "%d/%b/%Y"),
    *("%d %b %Y", "%d %B %Y", "%d. %B %Y", "%b %d %Y", "%b %d, %Y", "%B %d, %Y", "%B %d %Y", "%a %b %d %Y"),
)
_MONTHS = ("%Y-%m", "%Y/%m", "%m/%Y", "%b %Y", "%B %Y", "%b-%Y", "%Y %b")
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", "T%H:%M:%S", ":%H:%M:%S", ", %H:%M", " %H:%M:%S %z")
FORMATS = (*map("".join, product(_DATES, _CLOCKS)), *_MONTHS)
DAY_FIRST = (".", "-")
"""Signs between day and month where the day comes first, unless the values show otherwise."""

MIN_SHARE = 0.995
_FEW = 12
_NUMBERS = {
    "a date of the form YYYYMMDD": {"format": "%Y%m%d"},
    "a month of the form YYYYMM": {"format": "%Y%m"},
    "a time in seconds since 1970": {"unit": "s"},
    "a time in milliseconds since 1970": {"unit": "ms"},
    "a time in microseconds since 1970": {"unit": "us"},
    "a time in nanoseconds since 1970": {"unit": "ns"},
}


def time_keys(texts: Sequence[str], *, day_first: bool) -> tuple[dict[str, Any], str] | None:
    """Return the keys of a column of times, and what to look at; None where the texts are none.

    >>> time_keys(["31.1.2026", "1.2.2026"], day_first=False)
    ({'format': '%d.%m.%Y'}, '')
    >>> time_keys(["2026-01-31", "2026-02-01"], day_first=False), time_keys(["12", "13"], day_first=False)
    (({}, ''), None)
    """
    if not texts or any(NUMBER.fullmatch(text) for text in texts[:_FEW]) or not any(map(str.isdigit, texts[0])):
        return None
    if _reads(texts[:_FEW], ()) and _reads(texts, ()):
        return {}, ""
    formats = [pattern for pattern in FORMATS if _reads(texts[:_FEW], (pattern,)) and _reads(texts, (pattern,))]
    if formats:
        chosen = _likeliest(formats, day_first=day_first)
        twin = _twin(chosen)
        return {"format": chosen}, f"or {twin}: no day is above 12" if twin in formats else ""
    some_read = [pattern for pattern in FORMATS if any(_reads([text], (pattern,)) for text in texts[:_FEW])]
    pairs = [list(pair) for pair in combinations(some_read, 2) if _reads(texts, pair)]
    return ({"format": pairs[0]}, "") if pairs else None


def number_time_keys(numbers: Sequence[float], *, named: bool) -> tuple[dict[str, Any], str] | None:
    """Return the keys of numbers that are times; those that count from 1970 are so only where the column is `named`."""
    form = written_date(np.array(numbers, np.float64))
    if form in _NUMBERS and (named or "format" in _NUMBERS[form]):
        return dict(_NUMBERS[form]), form
    return None


def _reads(texts: Sequence[str], formats: tuple[str, ...]) -> bool:
    form = TimeForm(formats)
    allowed = (1 - MIN_SHARE) * len(texts)
    failed = 0
    for text in texts:
        failed += not _is_time(text, form)
        if failed > allowed:
            return False
    return True


def _is_time(text: str, form: TimeForm) -> bool:
    try:
        return time_of(text, form, NO_MARKS) is not None
    except Invalid:
        return False


def _twin(pattern: str) -> str:
    """Swap day and month at the beginning of a format; other formats have no twin."""
    if pattern[:2] in ("%d", "%m") and pattern[3:5] in ("%d", "%m"):
        return pattern[3:5] + pattern[2] + pattern[:2] + pattern[5:]
    return ""


def _likeliest(formats: Sequence[str], *, day_first: bool) -> str:
    """Prefer the order of day and month that is usual with these signs; the first of the others."""
    chosen = formats[0]
    first = "%d" if day_first or chosen[2:3] in DAY_FIRST else "%m"
    return next((pattern for pattern in formats if pattern.startswith(first) and _twin(pattern)), chosen)
