"""What the parsers of all types share: the error of a value that cannot be used, and tidy text."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

MISSING_MARKS = frozenset({"", "null", "na", "nan"})
"""Texts that mean missing in every column, in any case, besides those of the definition."""

YEARS = "expected a time of the years 1 to 9999"
MAX_COMBINING_MARKS = 30
"""More combining marks in a row are no letter, and putting them in order takes quadratic time."""

MAX_UNCHECKED_LENGTH = 200
"""In a shorter text, any number of combining marks is put in order fast."""

MAX_MARK_LENGTH = 200
"""A longer text never means missing."""

_INVISIBLE = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_LAST_COMBINING = 0x1EFFF  # no later letter combines
_PLAIN = frozenset({str, int, float, bool, type(None)})


class Invalid(Exception):
    """A cell that cannot be used; carries what was expected."""


@dataclass(frozen=True)
class Marks:
    """What means missing in a column: as tidy text without case, as the column's own values, and as numbers."""

    texts: frozenset[str] = MISSING_MARKS
    values: frozenset[Any] = frozenset()
    numbers: frozenset[float] = frozenset()


def tidy_text(text: str) -> str:
    """Return a text without outer spaces and invisible letters, with single inner spaces, in Unicode NFC.

    >>> tidy_text(" dark\\u00a0 red\\u200b")
    'dark red'
    """
    if text.isascii():
        return " ".join(text.split())
    text = " ".join(text.split())
    if not text.isprintable():  # as no invisible letter is
        text = " ".join(_INVISIBLE.sub("", text).split())
    return text if has_long_marks(text) else unicodedata.normalize("NFC", text)


def has_long_marks(text: str) -> bool:
    """Tell whether a long text has more combining marks in a row than any writing has.

    Such a row of marks has one of the letters that are looked at first. What is no valid Unicode may count as one.
    """
    if len(text) <= MAX_UNCHECKED_LENGTH or not any(map(unicodedata.combining, text[:: MAX_COMBINING_MARKS + 1])):
        return False
    try:
        codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    except UnicodeEncodeError:
        return True
    letters = np.flatnonzero(~_combining()[np.minimum(codes, _LAST_COMBINING)])
    return bool((np.diff(letters, prepend=-1, append=len(codes)) > MAX_COMBINING_MARKS + 1).any())


@cache
def _combining() -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.fromiter((unicodedata.combining(chr(code)) > 0 for code in range(_LAST_COMBINING + 1)), bool)


def shortened(text: str, limit: int) -> str | None:
    """Tidy a text that may have so many letters at most, or return None without a closer look."""
    text = text.strip() if len(text) > limit else text
    return tidy_text(text) if len(text) <= limit else None


def unboxed(value: object) -> object:
    """Turn a scalar of numpy into one of Python; a float32 becomes the number of its shortest text."""
    if type(value) in _PLAIN or not isinstance(value, np.generic):
        return value
    if isinstance(value, np.datetime64):
        return None if np.isnat(value) else within_calendar(value).item()
    if isinstance(value, np.float32 | np.float16):
        return float(str(value))
    return value.item()


FIRST, LAST = np.datetime64("0001-01-01", "s"), np.datetime64("9999-12-31T23:59:59", "s")


def within_calendar(time: np.datetime64) -> np.datetime64:
    """Return a time in microseconds. Raises `Invalid` for the years that Python's calendar does not have."""
    if not FIRST <= time.astype("datetime64[s]") <= LAST:
        raise Invalid(YEARS)
    return np.datetime64(time, "us")
